/**
 * The runtime's sentence on access that it doesn't give, of a module too; its
 * advice stands behind the comma.
 */
const NO_ACCESS =
  /^Requires (\w+) access(?: to (.+?))?(?:, (?:run again|specify)[^"]*)?$/s;

/** What went wrong, in the words of whatever was thrown, without the runtime's advice. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const [, kind, what = "it"] = NO_ACCESS.exec(thrown.message) ?? [];
  if (kind === undefined) return thrown.message;
  return kind === "all"
    ? `${what} is closed to this program, as most in /dev, /proc and /sys is`
    : `this program has no ${kind} access to ${what}`;
}
