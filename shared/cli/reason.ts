import { hasCode, systemReason } from "../platform/system_error.ts";

/** The runtime's message on a missing permission; advice follows the comma. */
const NO_ACCESS =
  /^Requires (\w+) access(?: to (.+?))?(?:, (?:run again|specify)[^"]*)?$/s;

/** SQLite's codes of a full disk: database full, size of the shared memory. */
const FULL_DISK: readonly unknown[] = [13, 10 | 19 << 8];

/**
 * The message of a thrown value, without the runtime's advice on permissions.
 * Errors of the system read the same on all systems. Names a full disk.
 */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { message } = thrown;
  const reason = systemReason(thrown);
  if (reason !== undefined) return reason;
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
  return hasCode(thrown, "ENOSPC", "EDQUOT") || FULL_DISK.includes(code) ||
    FULL_DISK.includes(errcode);
}
