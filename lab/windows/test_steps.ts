/** The project's own tests under Wine. */

import { readTestCount } from "./test_count.ts";
import type { Result, Step } from "./step.ts";
import type { Wine } from "./wine.ts";

/** The folders whose quick tests run; a test that Windows can't pass skips itself. */
export const testFolders: Readonly<Record<string, string>> = {
  shared: "tests/shared",
  // Delivery, draining, limits and blocks are here.
  relay: "tests/server/relay",
  stores: "tests/server/store",
  sessions: "tests/client/session",
  folders: "tests/client/folder",
  transfer: "tests/client/transfer",
  verbs: "tests/client/verbs",
  decode: "tests/kit/decode",
  dissect: "tests/kit/dissect",
  inspect: "tests/kit/inspect",
  vectors: "tests/kit/vectors",
};

/** The steps that run them. */
export const testSteps: readonly Step[] = Object.entries(testFolders)
  .map(([name, folder]) => ({
    name,
    minutes: 8,
    run: (wine) => runTests(wine, folder),
  }));

async function runTests(wine: Wine, folder: string): Promise<Result> {
  // The types are those of any system.
  await using program = wine.deno("task", "test", "--no-check", folder);
  const { code, stdout, stderr } = await program.end();
  const tests = readTestCount(stdout);
  if (tests === undefined) throw new Error(`no test ran\n${stdout}${stderr}`);
  const { passed, failed, ignored } = tests;
  return {
    summary: `${passed} passed, ${failed} failed, ${ignored} ignored`,
    tests,
    ...code !== 0 && { failure: failuresIn(stdout) },
  };
}

/** What `deno test` says of failures, which comes last. */
function failuresIn(output: string): string {
  return output.slice(Math.max(0, output.indexOf("\n ERRORS \n"))).trim();
}
