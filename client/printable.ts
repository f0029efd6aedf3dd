// C0 and C1 controls but for tab and newline, and the characters that reorder
// what stands around them: none of them may reach a terminal from the wire.
const DANGEROUS =
  // deno-lint-ignore no-control-regex -- they are what is stripped
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text from the wire on one line, without anything that moves a cursor. */
export function printableLine(text: string): string {
  return text.replaceAll(/[\t\n]/g, " ").replaceAll(DANGEROUS, "");
}

/**
 * Text from the wire with its lines. Lines after the first are indented, so
 * that none of them can pass for the next message's frame.
 */
export function printableText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(DANGEROUS, "")
    .replaceAll("\n", "\n  ");
}
