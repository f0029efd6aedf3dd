/**
 * Text from the wire, as a terminal may get it.
 *
 * @module
 */

// Nothing from the wire may move a terminal's cursor or reorder what stands
// around it: C0 and C1 controls but for tab and newline, line and paragraph
// separators, and the marks that override or isolate a direction.
export const DANGEROUS: RegExp =
  // deno-lint-ignore no-control-regex -- they are what is stripped
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** Characters that don't show; with them one name can look like another. */
const INVISIBLE = /\p{Cf}/gu;

/** Text from the wire on one line, without anything that can't be seen. */
export function printableLine(text: string): string {
  return text.replaceAll(/[\t\n]/g, " ").replaceAll(DANGEROUS, "")
    .replaceAll(INVISIBLE, "");
}

/** An object as JSON on one line; nothing in it can move a terminal's cursor. */
export function printableJson(object: object): string {
  return JSON.stringify(object).replaceAll(
    DANGEROUS,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What ends a received message (section 12 of docs/protocol.md). */
export const END_OF_MESSAGE = "-----<EOM>-----";

/** Removes the characters that could move a cursor or reorder the text around them. */
export function withoutControls(text: string): string {
  return text.replaceAll(DANGEROUS, "").toWellFormed();
}

/** Splits text from the wire into printable lines, with tabs expanded. */
export function printableLines(text: string): string[] {
  return withoutControls(text.replaceAll("\r\n", "\n"))
    .replaceAll("\t", "    ").split("\n");
}

/**
 * Text from the wire with its line breaks. Indents the lines after the first,
 * and a first line that looks like the end of a message, so that no line
 * passes for a part of a message's frame.
 */
export function printableText(text: string): string {
  const lines = withoutControls(text.replaceAll("\r\n", "\n")).split("\n");
  const ends = lines[0]?.trim() === END_OF_MESSAGE;
  return (ends ? "  " : "") + lines.join("\n  ");
}
