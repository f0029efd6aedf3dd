import { UserError } from "../errors.ts";

/** Parts of a pattern whose letters stand for something else than themselves. */
const ESCAPES = /\\(?:[pP]\{[^}]*\}|k<[^>]*>|c[A-Za-z]|[^])|\(\?<\w+>/g;

/**
 * Reads a regular expression. It ignores the case of letters unless it has
 * capitals.
 *
 * @throws {UserError} if it isn't one
 */
export function searchPattern(text: string): RegExp {
  const hasCapitals = /\p{Lu}/u.test(text.replaceAll(ESCAPES, ""));
  try {
    return new RegExp(text, hasCapitals ? "u" : "iu");
  } catch (cause) {
    throw new UserError(
      `"${text}" isn't a pattern`,
      "A pattern is a regular expression: put a backslash before characters such as ( or [",
      { cause },
    );
  }
}
