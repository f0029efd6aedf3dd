/** `deno task test:windows`, as far as it goes without Wine. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Program, ROOT, taskArguments } from "../../lab/harness/program.ts";
import { Tally } from "../../lab/windows/tally.ts";
import { readTestCount } from "../../lab/windows/test_count.ts";
import { testFolders } from "../../lab/windows/test_steps.ts";
import { FILES, PROGRAMS, testWith } from "../support/test_with.ts";

/** Runs the task where no other program can be found. */
const windows = (...steps: string[]) =>
  Program.deno([...taskArguments("test:windows"), ...steps], ROOT, { PATH: "" })
    .end();

testWith(PROGRAMS, "without Wine all is skipped, with the reason", async () => {
  const { code, stdout, stderr } = await windows();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertStringIncludes(stdout, "skipped: wine and ");
  assertStringIncludes(stdout, "apt-get install --no-install-recommends wine ");
});

testWith(PROGRAMS, "an unknown step is refused", async () => {
  const { code, stderr } = await windows("demo", "dmeo");
  assertEquals([code, stderr], [
    2,
    'error: There is no step "dmeo": see --help\n',
  ]);
});

testWith(FILES, "each folder of tests is there", async () => {
  for (const folder of Object.values(testFolders)) {
    const names = await Array.fromAsync(Deno.readDir(`${ROOT}${folder}`));
    assert(names.length > 0, folder);
  }
});

Deno.test("the counts of a run and of its steps", () => {
  const tests = readTestCount(`./tests/a_test.ts => one ... ok (5ms)
./tests/a_test.ts => two (skipped: Windows has no modes) ... ignored (0ms)
./tests/b_test.ts => three (skipped: Windows has no modes) ... ignored (0ms)
./tests/b_test.ts => four ... FAILED (8ms)

FAILED | 1 passed (3 steps) | 1 failed | 2 ignored (1s)

error: Test failed
`);
  assert(tests !== undefined);
  const reason = "Windows has no modes";
  assertEquals(tests, {
    passed: 1,
    failed: 1,
    ignored: 2,
    reasons: [reason, reason],
  });
  assertEquals(readTestCount("error: Type checking failed"), undefined);
  const tally = new Tally(2);
  assertEquals(
    tally.add("demo", 3, { summary: "25 lines" }),
    "ok      demo           3 s  25 lines",
  );
  assertEquals(tally.isSound, false);
  tally.add("shared", 9, { summary: "", tests, failure: "four" });
  assertEquals(tally.isSound, false);
  assertEquals(
    tally.summary(),
    `
ignored:
     2 ${reason}

1 of 2 steps ok; tests: 1 passed, 1 failed, 2 ignored`,
  );
});
