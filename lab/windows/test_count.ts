/** The counts that `deno test` prints. */

/** How many tests ran, and how. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  /** Why tests were ignored, one entry a test whose name says it. */
  readonly reasons: readonly string[];
}

/** Reads the output of `deno test`; undefined if it holds no counts. */
export function readTestCount(output: string): TestCount | undefined {
  const total = output.split("\n").findLast((line) =>
    /^(ok|FAILED) \| /.test(line)
  );
  if (total === undefined) return undefined;
  const count = (what: string) =>
    Number(new RegExp(`(\\d+) ${what}`).exec(total)?.[1] ?? 0);
  return {
    passed: count("passed"),
    failed: count("failed"),
    ignored: count("ignored"),
    reasons: [...output.matchAll(/ \(skipped: (.*)\) \.\.\. ignored/g)]
      .map(([, reason = ""]) => reason),
  };
}
