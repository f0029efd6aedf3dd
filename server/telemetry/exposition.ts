/**
 * The text that Prometheus reads, in version 0.0.4 of its format. Nothing is
 * kept here: each figure is read at the scrape.
 *
 * @module
 */

import { Histogram } from "./histogram.ts";

/** The media type of the text. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The value of a sample. */
type Value = number | Histogram;

/** The values of a sample's labels, and its own. */
export type Sample = readonly [labels: readonly string[], value: Value];

/** A metric of what a `T` is or does. */
export interface Metric<T> {
  /** Whether it goes up and down, only up, or counts values by size. */
  readonly type: "gauge" | "counter" | "histogram";
  /** What it tells. */
  readonly help: string;
  /** The names of its labels. Default: none. */
  readonly labels?: readonly string[];
  /** What one of the metric's unit is in that of its histograms. Default: 1. */
  readonly unit?: number;
  /** Its value, or its samples if it has labels; undefined if it isn't known. */
  readonly read: (
    measured: T,
  ) => Value | undefined | readonly Sample[] | Promise<Value | undefined>;
}

/** Metrics by their names. */
export type Metrics<T> = Readonly<Record<string, Metric<T>>>;

/** The text of all metrics as they stand. */
export async function expose<T>(
  metrics: Metrics<T>,
  measured: T,
): Promise<string> {
  const texts = Object.entries(metrics).map(async ([name, metric]) => {
    const { type, help, labels = [], unit = 1, read } = metric;
    const found = await read(measured);
    const samples: readonly Sample[] = typeof found === "number" ||
        found instanceof Histogram
      ? [[[], found]]
      : found ?? [];
    return [
      `# HELP ${name} ${escape(help)}`,
      `# TYPE ${name} ${type}`,
      ...samples.flatMap(([values, value]) => {
        const pairs = labels.map((label, i) => [label, values[i] ?? ""]);
        return typeof value === "number"
          ? line(name, pairs, value)
          : [...buckets(name, unit, pairs, value)];
      }),
    ].join("\n");
  });
  return `${(await Promise.all(texts)).join("\n\n")}\n`;
}

type Labels = readonly (readonly string[])[];

/** A histogram's lines: buckets count all that is below their bound. */
function* buckets(
  name: string,
  unit: number,
  labels: Labels,
  histogram: Histogram,
): Generator<string> {
  let count = 0;
  for (const [bucket, more] of histogram.counts.entries()) {
    const bound = histogram.bounds[bucket];
    const le = number(bound === undefined ? Infinity : bound / unit);
    count += more;
    yield line(`${name}_bucket`, [["le", le], ...labels], count);
  }
  yield line(`${name}_sum`, labels, histogram.sum / unit);
  yield line(`${name}_count`, labels, count);
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = labels.map(([label, text = ""]) =>
    `${label}="${escape(text).replaceAll('"', '\\"')}"`
  );
  const all = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${name}${all} ${number(value)}`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** A number as Prometheus writes it; only infinities differ from ours. */
function number(value: number): string {
  return `${value}`.replace("Infinity", "Inf").replace(/^Inf/, "+Inf");
}
