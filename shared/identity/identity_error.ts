import { FormatError } from "../wire/format_error.ts";

/** What to do about a file that is laid out otherwise. */
export const EXPECTED =
  "Expected the name, the id and the private key, each on a line";

/**
 * An identity file that can't be used. The message names the line and what is
 * wrong with it, and never holds anything of a key.
 */
export class IdentityError extends FormatError {
  override name = "IdentityError";
  /** What to do about it. */
  readonly advice: string;

  /** Says what is wrong and what to do. */
  constructor(problem: string, advice: string, options?: ErrorOptions) {
    super(problem, options);
    this.advice = advice;
  }
}
