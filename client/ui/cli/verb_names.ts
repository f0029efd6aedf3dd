/** The verbs; the order is that of the help. Each is in `verbs/`, with underscores. */
export const verbNames = [
  "register",
  "whoami",
  "list",
  "send",
  "send-file",
  "resend",
  "pull",
  "listen",
  "history",
  "search",
  "explain",
  "chat",
  "key",
  "request-key",
  "send-key",
  "fingerprint",
  "accept",
  "export",
  "import",
  "import-identity",
  "doctor",
  "completion",
  "menu",
] as const;

/** The verb of a command line that has none. */
export const DEFAULT_VERB = "menu";

/** One of them. */
export type VerbName = typeof verbNames[number];
