/** The runtime's message on a missing permission; advice follows the comma. */
const NO_ACCESS =
  /^Requires (\w+) access(?: to (.+?))?(?:, (?:run again|specify)[^"]*)?$/s;

/** Error codes of a full disk: of the system, and of SQLite (database full, shared memory size). */
const FULL_DISK: readonly unknown[] = ["ENOSPC", "EDQUOT", 13, 10 | 19 << 8];

/**
 * The message of a thrown value, without the runtime's advice on permissions.
 * Names a full disk.
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

/** Whether an error is due to a full disk. */
export function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code, errcode } = thrown as { code?: unknown; errcode?: unknown };
  return FULL_DISK.includes(code) || FULL_DISK.includes(errcode);
}
