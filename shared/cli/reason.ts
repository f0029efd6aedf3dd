/**
 * The runtime's sentence on access that it doesn't give, of a module too; its
 * advice stands behind the comma.
 */
const NO_ACCESS =
  /^Requires (\w+) access(?: to (.+?))?(?:, (?:run again|specify)[^"]*)?$/s;

/** Codes of the system, and of SQLite, for want of room: no space, a quota; a full file, a log's index. */
const FULL_DISK: readonly unknown[] = ["ENOSPC", "EDQUOT", 13, 10 | 19 << 8];

/**
 * What went wrong, in the words of whatever was thrown, without the runtime's
 * advice. A full disk is named as such.
 */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { message } = thrown;
  if (isDiskFull(thrown)) return `the disk is full (${message})`;
  const [, kind, what = "it"] = NO_ACCESS.exec(message) ?? [];
  if (kind === undefined) return message;
  return kind === "all"
    ? `${what} is closed to this program, as most in /dev, /proc and /sys is`
    : `this program has no ${kind} access to ${what}`;
}

/** Whether something failed for want of room on a disk. */
export function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code, errcode } = thrown as { code?: unknown; errcode?: unknown };
  return FULL_DISK.includes(code) || FULL_DISK.includes(errcode);
}
