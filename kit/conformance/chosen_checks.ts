import { UsageError } from "../../shared/cli/program.ts";
import type { CheckInfo } from "./report/outcome.ts";

/**
 * The checks whose name, clause or subject matches one of the patterns.
 *
 * @param patterns case-insensitive, `*` matches anything. Default: all checks
 * @throws {UsageError} if a pattern matches no check
 */
export function chosenChecks<T extends CheckInfo>(
  all: readonly T[],
  patterns?: readonly string[],
): readonly T[] {
  if (patterns === undefined) return all;
  const fits = patterns.map((pattern) => {
    const matcher = matcherOf(pattern);
    const fitting = all.filter(({ name, clause, subject }) =>
      [name, clause, subject].some((text) => matcher.test(text))
    );
    if (fitting.length > 0) return fitting;
    throw new UsageError(
      `--only ${pattern}: no check has such a name, clause or subject; --list shows all`,
    );
  });
  return all.filter((check) => fits.some((some) => some.includes(check)));
}

function matcherOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`, "i");
}
