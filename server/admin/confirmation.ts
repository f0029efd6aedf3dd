import { UsageError } from "../../shared/cli/usage_error.ts";

/**
 * Asks at the terminal whether to do something.
 *
 * @param what what will be done, as a sentence without its full stop
 * @param yes whether it was answered beforehand
 * @throws {UsageError} where there is no terminal to ask at
 */
export function isConfirmed(what: string, yes: boolean): boolean {
  if (yes) return true;
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      `${what}: nobody can be asked here, so say that you mean it with --yes`,
    );
  }
  return confirm(`${what}?`);
}
