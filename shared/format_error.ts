/**
 * Bytes or a value that break the wire format. The message names the field,
 * what was expected and what was there.
 */
export class FormatError extends Error {
  override name = "FormatError";
}
