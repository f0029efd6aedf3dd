import { assertEquals } from "@std/assert";
import { Histogram } from "../../../server/telemetry/histogram.ts";
import { Exposition } from "../../../server/telemetry/exposition.ts";

Deno.test("metrics are written as Prometheus reads them", async () => {
  const shown = new Exposition();
  shown.info("build_info", "What runs\nhere: \\", {
    version: "1",
    odd: 'a "b"\\\nc',
  });
  shown.gauge("known", "A value", () => Promise.resolve(-Infinity));
  shown.gauge("unknown", "None", () => undefined);
  shown.counter("things_total", "Things", () => 12.5);
  shown.counters("kinds_total", "By kind", () => [
    { labels: { kind: "a" }, value: 1 },
    { labels: { kind: "b" }, value: 0 },
  ]);
  shown.counters("none_total", "No kind", () => []);
  const milliseconds = new Histogram([1, 2.5]);
  for (const value of [1, 2, 2, 99]) milliseconds.record(value);
  shown.histograms("time_seconds", "Time", 1000, () => [
    { labels: { code: "600" }, histogram: milliseconds },
  ]);
  assertEquals(
    await shown.text(),
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
