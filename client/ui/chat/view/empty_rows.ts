import type { ChatState } from "../model/model.ts";
import { type Row, span, wrapText } from "./rows.ts";

/** What the screen says where no conversation is open: how to open one. */
export function emptyRows(
  { contacts }: Pick<ChatState, "contacts">,
  width: number,
  height: number,
): Row[] {
  const [title, ...ways] = contacts.length === 0
    ? [
      "You have no conversation yet",
      "/chat NAME begins one; Tab completes the name",
      "/who lists the other users at the relay",
    ]
    : [
      "No conversation is open",
      "Ctrl-N and Ctrl-P open one of yours",
      "/chat NAME opens or begins one; Tab completes the name",
    ];
  const lines = [
    [span(title ?? "", "strong")],
    ...ways.flatMap((way) =>
      wrapText([way], Math.max(4, width)).map((row) => [span(row, "dim")])
    ),
  ];
  return lines.slice(0, Math.max(0, height));
}
