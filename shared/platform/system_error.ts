/** Codes of the system's errors, and what each means to a user. */
const reasons = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "this machine doesn't have the address",
  EAGAIN: "it isn't ready",
  EBUSY: "it is in use",
  ECONNABORTED: "the connection broke",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the other side closed the connection",
  EDQUOT: "the quota of the disk is used up",
  EEXIST: "it exists",
  EHOSTUNREACH: "the host can't be reached",
  EINTR: "it was interrupted",
  EIO: "the device failed to read or write",
  EISDIR: "it is a folder",
  ELOOP: "its symbolic links lead in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENETUNREACH: "the network can't be reached",
  ENFILE: "too many files are open",
  ENOENT: "no such file or folder",
  ENOSPC: "the disk is full",
  ENOTCONN: "there is no connection",
  ENOTDIR: "a file is where a folder should be",
  ENOTEMPTY: "the folder isn't empty",
  ENOTFOUND: "the name of the host isn't known",
  ENOTSUP: "the system doesn't support it",
  EPERM: "permission denied",
  EPIPE: "the other side doesn't read any more",
  EROFS: "the file system is read-only",
  ETIMEDOUT: "there was no answer in time",
} as const;

/** Reasons for what Windows and the runtime call ENOENT, by the system's number. */
const WINDOWS_REASONS: Readonly<Record<string, string>> = {
  123: "the system doesn't allow this name",
  11001: reasons.ENOTFOUND,
  11004: reasons.ENOTFOUND,
};

/** The runtime's message of a name without address; the system's words follow. */
const UNKNOWN_HOST = /^failed to lookup address information/;
/** The runtime's message: the system's words, its number, and the call that failed. */
const MESSAGE = /^(.*?)\.? \(os error (\d+)\)(?:: \w+ '.*')?$/s;

/** A code that our programs tell from others; some have no reason of their own. */
export type SystemCode = keyof typeof reasons | "EINVAL" | "ENOTTY";

/**
 * Whether the system reported an error with one of these codes. The codes are
 * the same on all systems; the runtime's classes of errors aren't.
 */
export function hasCode(
  error: unknown,
  ...codes: readonly SystemCode[]
): boolean {
  const found = codeOf(error);
  return codes.some((code) => code === found);
}

/**
 * The reason of an error of the system, in words that are the same on all
 * systems, as far as its code is known. Undefined for other errors.
 */
export function systemReason(error: Error): string | undefined {
  const { message } = error;
  const code = codeOf(error);
  const [, words, number = ""] = MESSAGE.exec(message) ?? [];
  if (code === "ENOENT" && Object.hasOwn(WINDOWS_REASONS, number)) {
    return WINDOWS_REASONS[number];
  }
  if (isKnown(code)) return reasons[code];
  if (UNKNOWN_HOST.test(message)) return reasons.ENOTFOUND;
  return words;
}

function codeOf(error: unknown): unknown {
  // On Windows a write has no code whose reader goes while it waits.
  if (error instanceof Deno.errors.BrokenPipe) return "EPIPE";
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function isKnown(code: unknown): code is keyof typeof reasons {
  return typeof code === "string" && Object.hasOwn(reasons, code);
}

/** Whether TLS refused what the other side sent: its certificate, or what is no TLS. */
export function isTlsRefusal(error: unknown): boolean {
  return error instanceof Deno.errors.InvalidData;
}

/** Whether a TLS connection ended without TLS saying so: its other side broke. */
export function isTlsBreak(error: unknown): boolean {
  return error instanceof Deno.errors.UnexpectedEof;
}
