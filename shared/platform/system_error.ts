/** Codes of the system's errors that our programs tell apart. */
export type SystemCode =
  | "EACCES"
  | "EADDRINUSE"
  | "EAGAIN"
  | "EBUSY"
  | "ECONNABORTED"
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "EEXIST"
  | "EINVAL"
  | "EISDIR"
  | "ENOENT"
  | "ENOSPC"
  | "ENOTCONN"
  | "ENOTDIR"
  | "ENOTSUP"
  | "ENOTTY"
  | "EPERM"
  | "EPIPE";

/**
 * Whether the system reported an error with one of these codes. The codes are
 * the same on all systems; the runtime's classes of errors aren't.
 */
export function hasCode(
  error: unknown,
  ...codes: readonly SystemCode[]
): boolean {
  return error instanceof Error && "code" in error &&
    codes.some((code) => code === error.code);
}
