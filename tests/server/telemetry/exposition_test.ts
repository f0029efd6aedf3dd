import { assertEquals } from "@std/assert";
import { Histogram } from "../../../server/mod.ts";
import { expose, type Metrics } from "../../../server/telemetry/exposition.ts";

Deno.test("metrics are written as Prometheus reads them", async () => {
  const milliseconds = new Histogram([1, 2.5]);
  for (const value of [1, 2, 2, 99]) milliseconds.record(value);
  const metrics: Metrics<string> = {
    build_info: {
      type: "gauge",
      help: "What runs\nhere: \\",
      labels: ["version", "odd"],
      read: (measured) => [[[measured, 'a "b"\\\nc'], 1]],
    },
    known: {
      type: "gauge",
      help: "A value",
      read: () => Promise.resolve(-Infinity),
    },
    unknown: { type: "gauge", help: "None", read: () => undefined },
    things_total: { type: "counter", help: "Things", read: () => 12.5 },
    kinds_total: {
      type: "counter",
      help: "By kind",
      labels: ["kind"],
      read: () => [[["a"], 1], [["b"], 0]],
    },
    none_total: { type: "counter", help: "No kind", read: () => [] },
    time_seconds: {
      type: "histogram",
      help: "Time",
      labels: ["code"],
      unit: 1000,
      read: () => [[["600"], milliseconds]],
    },
  };
  assertEquals(
    await expose(metrics, "1"),
    String.raw`# HELP build_info What runs\nhere: \\
# TYPE build_info gauge
build_info{version="1",odd="a \"b\"\\\nc"} 1

# HELP known A value
# TYPE known gauge
known -Inf

# HELP unknown None
# TYPE unknown gauge

# HELP things_total Things
# TYPE things_total counter
things_total 12.5

# HELP kinds_total By kind
# TYPE kinds_total counter
kinds_total{kind="a"} 1
kinds_total{kind="b"} 0

# HELP none_total No kind
# TYPE none_total counter

# HELP time_seconds Time
# TYPE time_seconds histogram
time_seconds_bucket{le="0.001",code="600"} 1
time_seconds_bucket{le="0.0025",code="600"} 3
time_seconds_bucket{le="+Inf",code="600"} 4
time_seconds_sum{code="600"} 0.104
time_seconds_count{code="600"} 4
`,
  );
});

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
