import { DANGEROUS } from "../../shared/cli/printable.ts";

export { DANGEROUS, printableLine } from "../../shared/cli/printable.ts";

/** What ends a received message (section 12 of docs/protocol.md). */
export const END_OF_MESSAGE = "-----<EOM>-----";

/** Text without what could move a cursor or reorder what stands around it. */
export function withoutControls(text: string): string {
  return text.replaceAll(DANGEROUS, "").toWellFormed();
}

/** Text from the wire as its lines, for a frame that keeps them apart itself. */
export function printableLines(text: string): string[] {
  return withoutControls(text.replaceAll("\r\n", "\n"))
    .replaceAll("\t", "    ").split("\n");
}

/**
 * Text from the wire with its lines. Lines after the first are indented, and
 * so is a first one that looks like the end, so that none of them can pass for
 * a message's frame.
 */
export function printableText(text: string): string {
  const lines = withoutControls(text.replaceAll("\r\n", "\n")).split("\n");
  const ends = lines[0]?.trim() === END_OF_MESSAGE;
  return (ends ? "  " : "") + lines.join("\n  ");
}
