/**
 * Finds users by name and prints them.
 *
 * @module
 */

import { formatBytes, formatCount } from "../../shared/cli/figures.ts";
import { printableLine } from "../../shared/cli/printable.ts";
import type { AdminStore, UserInfo } from "../store/admin_store.ts";

/**
 * Finds users by names or patterns, without duplicates. A word that is no
 * user's name is a pattern: `*` matches any letters, `?` any single one.
 *
 * @throws {Error} if a word matches no user
 */
export async function findUsers(
  store: Pick<AdminStore, "user" | "users">,
  words: readonly string[],
): Promise<UserInfo[]> {
  const found = new Map<string, UserInfo>();
  for (const word of words) {
    const named = await store.user(word);
    const users = named === undefined ? await matching(store, word) : [named];
    for (const user of users) found.set(user.name, user);
  }
  return [...found.values()];
}

async function matching(
  store: Pick<AdminStore, "users">,
  word: string,
): Promise<UserInfo[]> {
  const name = printableLine(word);
  if (!/[*?]/.test(word)) throw new Error(`No user is called ${name}`);
  const source = word.replaceAll(/[\\^$.+()[\]{}|]/g, "\\$&")
    .replaceAll(/\*+/g, ".*").replaceAll("?", ".");
  const pattern = new RegExp(`^${source}$`, "su");
  const users: UserInfo[] = [];
  for await (const user of store.users()) {
    if (pattern.test(user.name)) users.push(user);
  }
  if (users.length === 0) throw new Error(`No user's name fits ${name}`);
  return users;
}

const HEAD = ["NAME", "SECURE", "LAST SEEN", "WAITING", "SIZE", "ID"];
/** Indices of the right-aligned columns. */
const RIGHT = [3, 4];
/** Rows that are aligned together; bounds the memory. */
const ALIGNED_ROWS = 1000;

/** Yields the lines of a table of users. */
export async function* usersTable(
  users: AsyncIterable<UserInfo>,
): AsyncGenerator<string> {
  let rows = [HEAD];
  const widths = HEAD.map(() => 0);
  for await (const user of users) {
    rows.push(cellsOf(user));
    if (rows.length < ALIGNED_ROWS) continue;
    yield* align(rows, widths);
    rows = [];
  }
  yield* align(rows, widths);
}

function cellsOf(
  { name, isSecured, lastSeen, messages, bytes, id }: UserInfo,
): string[] {
  return [
    printableLine(name),
    isSecured ? "yes" : "no",
    printableLine(lastSeen),
    formatCount(messages),
    formatBytes(bytes),
    id,
  ];
}

/** @param widths of the columns so far; grow with these rows */
function align(rows: readonly string[][], widths: number[]): string[] {
  for (const row of rows) {
    row.forEach((cell, column) =>
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    );
  }
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return RIGHT.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}
