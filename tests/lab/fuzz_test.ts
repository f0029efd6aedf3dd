import { assert, assertEquals } from "@std/assert";
import { fuzz } from "../../lab/fuzz/fuzz.ts";
import { frame } from "../../lab/fuzz/relay/framing.ts";
import { productions } from "../../lab/fuzz/relay/grammar.ts";
import { mutations } from "../../lab/fuzz/relay/mutations.ts";
import { describeCase, makeCase } from "../../lab/fuzz/relay/plans.ts";
import { limits, RelayTarget } from "../../lab/fuzz/relay/relay_target.ts";
import { shrink } from "../../lab/fuzz/relay/shrink.ts";
import { vectorCase } from "../../lab/fuzz/relay/vectors.ts";
import recorded from "../../lab/recordings/fuzz.json" with { type: "json" };
import { extent, longTest, PROGRAMS, testWith } from "../support/test_with.ts";

/** What the fuzzer runs: the same in each run of the gate, long and new in a slow run. */
const RUN = extent === "slow"
  ? { seed: Date.now() % 2 ** 32, seconds: 600 }
  : { seed: 1, cases: 90 };

testWith(PROGRAMS, "every vector is answered as it must be", async (t) => {
  assertEquals(recorded.maxMessage, limits.maxMessage);
  await using target = await RelayTarget.start();
  let ran = 0;
  for (const vector of recorded.vectors) {
    await t.step(`${vector.name}: ${vector.shows}`, async () => {
      assertEquals(await target.run(vectorCase(vector)), vector.codes);
      ran++;
    });
  }
  assertEquals(ran, recorded.vectors.length);
  assert(ran > 0, "there are vectors");
  await target.finish("stop");
});

longTest(
  PROGRAMS,
  `the relay and the decoders withstand what the fuzzer makes up (seed ${RUN.seed})`,
  async () => {
    const { tally, failure } = await fuzz(RUN);
    assertEquals(failure?.message, undefined, failure?.message);
    // What wasn't reached wasn't shown to hold.
    assert(tally.cases > 20, tally.summary(0));
    assert(tally.decoded > 1000, tally.summary(0));
    assertEquals(
      [...tally.codes.keys()].sort(),
      ["2100", "2101", "2102", "2103", "2104", "9000"],
    );
  },
);

Deno.test("a seed and a number make the same case again, and others another", () => {
  const printed = (seed: number, index: number) =>
    describeCase(makeCase(seed, index, limits));
  assertEquals(printed(1, 5), printed(1, 5));
  assert(printed(1, 5) !== printed(1, 6));
  assert(printed(1, 5) !== printed(2, 5));
});

Deno.test("cases reach every production and every change", () => {
  const labels = new Set<string>();
  for (let index = 0; index < 1000; index++) {
    for (const label of makeCase(1, index, limits).labels) labels.add(label);
  }
  for (const name of [...Object.keys(productions), ...Object.keys(mutations)]) {
    assert(labels.has(name), name);
  }
});

Deno.test("the framing of a stream doesn't hang on what follows it", () => {
  let compared = 0;
  for (let index = 0; index < 200; index++) {
    for (const { stream } of makeCase(3, index, limits).plans) {
      const whole = frame(stream, limits.maxMessage);
      if (whole.hasty) continue;
      const half = stream.subarray(0, stream.length >> 1);
      const due = whole.steps.filter(({ dueAt }) => dueAt <= half.length);
      assertEquals(frame(half, limits.maxMessage).steps, due);
      compared += due.length;
    }
  }
  assert(compared > 100, `${compared}`);
});

Deno.test("a case that fails is made as small as it gets", async () => {
  const [plan] = makeCase(1, 0, limits).plans;
  assert(plan !== undefined);
  const stream = new Uint8Array(100).fill(1);
  stream[40] = 9;
  const plans = [
    { ...plan, stream: new Uint8Array(10) },
    { ...plan, stream, pacing: "bytes", ending: "late" } as const,
  ];
  const smallest = await shrink(
    { plans, labels: [] },
    10_000,
    ({ plans }) =>
      Promise.resolve(plans.some(({ stream }) => stream.includes(9))),
  );
  assertEquals(
    smallest?.plans.map(({ stream, pacing, ending }) => ({
      stream: [...stream],
      pacing,
      ending,
    })),
    [{ stream: [9], pacing: "whole", ending: "orderly" }],
  );
  const passes = await shrink(
    { plans, labels: [] },
    10,
    () => Promise.resolve(false),
  );
  assertEquals(passes, undefined);
});
