/** A command line that can't be obeyed; the message is for the user. */
export class UsageError extends Error {
  override name = "UsageError";
}
