/**
 * Makes text from the wire safe for a terminal.
 *
 * @module
 */

/**
 * Characters that can move a terminal's cursor or reorder the text around them:
 * C0 and C1 controls except tab and newline, line and paragraph separators, and
 * the marks that override or isolate a direction.
 */
export const DANGEROUS: RegExp =
  // deno-lint-ignore no-control-regex -- strips control characters
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** Invisible characters, which can make one name look like another. */
const INVISIBLE = /\p{Cf}/gu;

/** Puts text from the wire on one line, without invisible characters. */
export function printableLine(text: string): string {
  return text.replaceAll(/[\t\n]/g, " ").replaceAll(DANGEROUS, "")
    .replaceAll(INVISIBLE, "");
}

/** Formats an object as JSON on one line, with dangerous characters escaped. */
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
