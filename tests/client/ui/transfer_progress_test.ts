import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TransferProgress } from "../../../client/ui/transfer_progress.ts";

const MIB = 1024 * 1024;

/** The line after these moments: [bytes that have passed, milliseconds]. */
function lineAfter(
  moments: readonly (readonly [number, number])[],
  total: number,
  width = 79,
): string {
  const progress = new TransferProgress("Sending");
  for (const [done, now] of moments) progress.note(done, now);
  return progress.line(total, width);
}

Deno.test("a transfer's line shows a bar, the rate and the time left", () => {
  assertEquals(
    lineAfter([[0, 0], [10 * MIB, 1000], [20 * MIB, 2000]], 40 * MIB),
    "Sending  [##########          ] 50 % of 40 MiB, 10 MiB/s, 2 s left",
  );
  assertEquals(
    lineAfter([[0, 0]], 40 * MIB),
    "Sending  [                    ] 0 % of 40 MiB",
  );
  assertEquals(
    lineAfter([[0, 5], [10 * MIB, 1005], [40 * MIB, 2005]], 40 * MIB),
    "Sending  [####################] 100 % of 40 MiB, 20 MiB/s, in 2 s",
  );
  assertEquals(
    lineAfter([[0, 0], [MIB, 1000]], 1024 * MIB, 56),
    "Sending  [      ] 0 % of 1 GiB, 1 MiB/s, 17 min 3 s left",
  );
  assertEquals(
    lineAfter([[0, 0], [MIB, 10_000]], 1024 * MIB, 48),
    "Sending  0 % of 1 GiB, 102 KiB/s, 2 h 50 min lef",
  );
});

Deno.test("the rate is smooth, and follows what lasts", () => {
  const steady = Array.from(
    { length: 100 },
    (_, i) => [i * MIB, i * 100] as const,
  );
  const stumbles = [...steady, [99 * MIB, 10_100] as const];
  const rate = (line: string) => Number(/([\d.]+) MiB\/s/.exec(line)?.[1]);
  assertEquals(rate(lineAfter(steady, 1000 * MIB)), 10);
  const after = rate(lineAfter(stumbles, 1000 * MIB));
  assert(after > 9 && after < 10, `${after}`);
  const slow = Array.from(
    { length: 20 },
    (_, i) => [(99 + i) * MIB, 10_000 + i * 1000] as const,
  );
  const slowed = rate(lineAfter([...steady, ...slow], 1000 * MIB));
  assert(slowed < 1.2, `${slowed}`);
});

Deno.test("another transfer begins anew", () => {
  const moments = [[0, 0], [MIB, 1000], [0, 60_000], [
    2 * MIB,
    61_000,
  ]] as const;
  assertEquals(
    lineAfter(moments, 4 * MIB),
    "Sending  [##########          ] 50 % of 4 MiB, 2 MiB/s, 1 s left",
  );
});

Deno.test("no line is longer than there is room, whatever was noted", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2 ** 31 - 1), fc.nat())),
      fc.nat(2 ** 31 - 1),
      fc.integer({ min: 1, max: 200 }),
      (moments, total, width) => {
        const within = moments.map(([done, now]) =>
          [Math.min(done, total), now] as const
        );
        const line = lineAfter(within, total, width);
        assert(line.length <= width, line);
        assert(!/NaN|Infinity|-/.test(line), line);
      },
    ),
  );
});
