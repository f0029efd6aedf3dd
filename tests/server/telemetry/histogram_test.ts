import { assertEquals } from "@std/assert";
import { Histogram } from "../../../server/mod.ts";

Deno.test("a histogram counts a value for the first bound that it isn't above", () => {
  const histogram = new Histogram([1, 10]);
  for (const value of [0, 1, 1.5, 10, 10.5, 99]) histogram.record(value);
  assertEquals(histogram.counts, [2, 2, 2]);
  assertEquals([histogram.count, histogram.sum], [6, 122]);
});

Deno.test("who reads a histogram's memory elsewhere sees the same", () => {
  const bounds = [1, 2];
  const memory = new SharedArrayBuffer(8 * Histogram.cells(bounds));
  const here = new Histogram(bounds, new Float64Array(memory));
  const there = new Histogram(bounds, new Float64Array(memory));
  here.record(2);
  assertEquals([there.counts, there.sum], [[0, 1, 0], 2]);
});
