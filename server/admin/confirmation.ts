import { UsageError } from "../../shared/cli/program.ts";

/**
 * Asks for confirmation at the terminal.
 *
 * @param plan what will be done, as a sentence without its full stop
 * @param yes whether `--yes` confirmed it beforehand
 * @throws {UsageError} if standard input is no terminal
 */
export function isConfirmed(plan: string, yes: boolean): boolean {
  if (yes) return true;
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      `${plan}: there is no terminal to confirm it at, so confirm it with --yes`,
    );
  }
  return confirm(`${plan}?`);
}

/** Says that a plan wasn't confirmed. @returns the exit code */
export function refused(): number {
  console.error("nothing was changed");
  return 1;
}
