import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  countIds,
  firstIds,
  idsAbove,
  isInRuns,
  mergeRuns,
  runsOf,
} from "../../../server/store/id_runs.ts";

const risingIds = fc.uniqueArray(fc.integer({ min: 1, max: 60 }))
  .map((ids) => ids.sort((a, b) => a - b));

Deno.test("ids without a gap are one run, however many", () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => i + 7);
  assertEquals(runsOf(ids), [[7, 10_006]]);
  assertEquals(runsOf([]), []);
  assertEquals(runsOf([1, 2, 4, 6, 7]), [[1, 2], [4, 4], [6, 7]]);
});

Deno.test("runs hold the ids that they were made of, and no others", () => {
  fc.assert(fc.property(risingIds, (ids) => {
    const runs = runsOf(ids);
    assertEquals(countIds(runs), ids.length);
    for (let id = 0; id <= 61; id++) {
      assertEquals(isInRuns(runs, id), ids.includes(id));
    }
  }));
});

Deno.test("the first ids of runs are the lowest, so many at most", () => {
  fc.assert(fc.property(risingIds, fc.nat({ max: 70 }), (ids, most) => {
    assertEquals(firstIds(runsOf(ids), most), runsOf(ids.slice(0, most)));
  }));
});

Deno.test("the ids above one are all that are higher", () => {
  fc.assert(fc.property(risingIds, fc.nat({ max: 70 }), (ids, limit) => {
    const above = ids.filter((id) => id > limit);
    assertEquals(idsAbove(runsOf(ids), limit), runsOf(above));
  }));
});

Deno.test("merged runs are those of all ids together", () => {
  fc.assert(fc.property(risingIds, risingIds, (a, b) => {
    const all = [...new Set([...a, ...b])].sort((a, b) => a - b);
    assertEquals(mergeRuns(runsOf(a), runsOf(b)), runsOf(all));
  }));
});
