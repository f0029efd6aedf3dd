import { printableLine } from "../../shared/printable.ts";
import { formatBytes, formatCount } from "../figures.ts";
import type { UserInfo } from "./admin_store.ts";

const HEAD = ["NAME", "LAST SEEN", "WAITING", "SIZE", "ID"];
/** The columns of numbers. */
const RIGHT = [2, 3];

/** Users in aligned columns, under a head. */
export function usersTable(users: readonly UserInfo[]): string[] {
  const rows = [
    HEAD,
    ...users.map(({ name, lastSeen, messages, bytes, id }) => [
      printableLine(name),
      printableLine(lastSeen),
      formatCount(messages),
      formatBytes(bytes),
      id,
    ]),
  ];
  const widths = HEAD.map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0)
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return RIGHT.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}
