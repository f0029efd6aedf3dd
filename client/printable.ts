// Nothing from the wire may move a terminal's cursor or reorder what stands
// around it: C0 and C1 controls but for tab and newline, line and paragraph
// separators, and the marks that override or isolate a direction.
export const DANGEROUS: RegExp =
  // deno-lint-ignore no-control-regex -- they are what is stripped
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** Characters that don't show; with them one name can look like another. */
const INVISIBLE = /\p{Cf}/gu;
/** What ends a received message (section 6). */
export const END_OF_MESSAGE = "-----<EOM>-----";

/** Text from the wire on one line, without anything that can't be seen. */
export function printableLine(text: string): string {
  return text.replaceAll(/[\t\n]/g, " ").replaceAll(DANGEROUS, "")
    .replaceAll(INVISIBLE, "");
}

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
