import type { ContactSummary } from "../../../store/message.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { cells, fit } from "./graphemes.ts";
import { type Row, span } from "./rows.ts";

/** Minimum width of a screen that shows contacts. */
const WIDE_ENOUGH = 60;

/** Width of the column of contacts: 0 on a narrow screen, else up to 32 cells. */
export function contactsWidth(
  contacts: readonly ContactSummary[],
  columns: number,
): number {
  if (columns < WIDE_ENOUGH) return 0;
  const longest = contacts.slice(0, 200)
    .reduce((most, { name }) => Math.max(most, cells(printableLine(name))), 0);
  return Math.min(Math.max(16, longest + 7), 32, Math.floor(columns / 4));
}

/** Lays out `height` rows of contacts that include the open one. */
export function contactRows(
  contacts: readonly ContactSummary[],
  open: string | undefined,
  width: number,
  height: number,
): Row[] {
  const at = contacts.findIndex(({ name }) => name === open);
  const first = Math.max(0, at - height + 1);
  const rows = contacts.slice(first, first + height)
    .map((contact) => contactRow(contact, contact.name === open, width));
  const blank = [span(" ".repeat(width))];
  return [
    ...rows,
    ...Array.from({ length: height - rows.length }, () => blank),
  ];
}

function contactRow(
  { name, unread, keyChanged }: ContactSummary,
  isOpen: boolean,
  width: number,
): Row {
  const count = unread === 0 ? "" : ` ${unread > 999 ? "999+" : unread}`;
  const changed = keyChanged ? " KEY" : "";
  const nameWidth = width - 2 - changed.length - count.length - 1;
  const tone = isOpen ? "selected" : unread > 0 ? "strong" : "plain";
  return [
    span(isOpen ? "> " : "  ", tone),
    span(fit(printableLine(name), nameWidth), tone),
    span(changed, "alarm"),
    span(`${count} `, tone),
  ];
}
