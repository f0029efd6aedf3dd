import { printableLine } from "../../shared/cli/printable.ts";
import type { AdminStore, UserInfo } from "../store/admin_store.ts";

/**
 * The users of some names, each once. A word that is no user's name is a
 * pattern: `*` stands for any letters, `?` for any one.
 *
 * @throws {Error} where a word fits no user
 */
export async function findUsers(
  store: Pick<AdminStore, "user" | "users">,
  words: readonly string[],
): Promise<UserInfo[]> {
  const found = new Map<string, UserInfo>();
  for (const word of words) {
    const named = await store.user(word);
    const users = named === undefined ? await fitting(store, word) : [named];
    for (const user of users) found.set(user.name, user);
  }
  return [...found.values()];
}

async function fitting(
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
