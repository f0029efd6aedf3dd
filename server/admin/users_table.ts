import { printableLine } from "../../shared/cli/printable.ts";
import { formatBytes, formatCount } from "../../shared/cli/figures.ts";
import type { UserInfo } from "../store/admin_store.ts";

const HEAD = ["NAME", "LAST SEEN", "WAITING", "SIZE", "ID"];
/** The columns of numbers. */
const RIGHT = [2, 3];
/** Lines that are aligned with each other, so that not all users are held in memory. */
const BLOCK = 1000;

/** Users in aligned columns, under a head. */
export async function* usersTable(
  users: AsyncIterable<UserInfo>,
): AsyncGenerator<string> {
  let rows = [HEAD];
  const widths = HEAD.map(() => 0);
  for await (const user of users) {
    rows.push(cellsOf(user));
    if (rows.length < BLOCK) continue;
    yield* align(rows, widths);
    rows = [];
  }
  yield* align(rows, widths);
}

function cellsOf(
  { name, lastSeen, messages, bytes, id }: UserInfo,
): string[] {
  return [
    printableLine(name),
    printableLine(lastSeen),
    formatCount(messages),
    formatBytes(bytes),
    id,
  ];
}

/** @param widths of the rows before, which grow with these */
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
