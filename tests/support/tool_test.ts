/** Tests that need a program of the system; without it they are skipped. */

import { SHELL, testWith } from "./test_with.ts";

/** Registers a test that runs a program through `sh`. */
export function toolTest(
  tool: string,
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  if (isInstalled(tool)) return testWith(SHELL, name, fn);
  Deno.test({
    name: `${name} (skipped: ${tool} isn't installed)`,
    ignore: true,
    fn() {},
  });
}

/** Where Debian puts what only administrators run, too. */
function isInstalled(tool: string): boolean {
  const query = { name: "run", command: "sh" } as const;
  if (Deno.permissions.querySync(query).state !== "granted") return false;
  return new Deno.Command("sh", {
    args: ["-c", 'PATH="$PATH:/usr/sbin" command -v "$0"', tool],
    stdout: "null",
  }).outputSync().success;
}
