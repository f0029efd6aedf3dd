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
