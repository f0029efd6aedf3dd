/**
 * The text that Prometheus reads, in version 0.0.4 of its format. Nothing is
 * kept here: each figure is read at the scrape.
 *
 * @module
 */

import type { Histogram } from "./histogram.ts";

/** Names and values of a sample's labels. */
export type Labels = Readonly<Record<string, string>>;

/** A value with its labels. */
export interface Labelled {
  /** The labels. */
  labels: Labels;
  /** The value. */
  value: number;
}

/** One of a metric's histograms. */
export interface Sample {
  /** Its labels. */
  labels: Labels;
  /** Its figures. */
  histogram: Histogram;
}

/** Metrics, in the order in which they were added. */
export class Exposition {
  /** The media type of {@linkcode Exposition.text}. */
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  readonly #metrics: (() => Promise<string>)[] = [];

  /** All metrics as they stand. */
  async text(): Promise<string> {
    const metrics = await Promise.all(this.#metrics.map((text) => text()));
    return `${metrics.join("\n\n")}\n`;
  }

  /** Adds a value that goes up and down; where it isn't known, it is left out. */
  gauge(
    name: string,
    help: string,
    value: () => number | undefined | Promise<number | undefined>,
  ): void {
    this.#add("gauge", name, help, async () => {
      const now = await value();
      return now === undefined ? [] : [line(name, {}, now)];
    });
  }

  /** Adds a fact that is all labels: its value is 1. */
  info(name: string, help: string, labels: Labels): void {
    this.#add("gauge", name, help, () => [line(name, labels, 1)]);
  }

  /** Adds what only goes up. */
  counter(name: string, help: string, total: () => number): void {
    this.counters(name, help, () => [{ labels: {}, value: total() }]);
  }

  /** Adds what only goes up, by labels. */
  counters(
    name: string,
    help: string,
    totals: () => readonly Labelled[],
  ): void {
    this.#add(
      "counter",
      name,
      help,
      () => totals().map(({ labels, value }) => line(name, labels, value)),
    );
  }

  /**
   * Adds histograms.
   *
   * @param unit what one of the metric's unit is in that of the histograms
   */
  histograms(
    name: string,
    help: string,
    unit: number,
    samples: () => readonly Sample[],
  ): void {
    this.#add(
      "histogram",
      name,
      help,
      () => samples().flatMap((sample) => [...buckets(name, unit, sample)]),
    );
  }

  #add(
    type: string,
    name: string,
    help: string,
    samples: () => readonly string[] | Promise<readonly string[]>,
  ): void {
    const head = [
      `# HELP ${name} ${escape(help)}`,
      `# TYPE ${name} ${type}`,
    ];
    this.#metrics.push(async () => [...head, ...await samples()].join("\n"));
  }
}

/** A histogram's lines: buckets count all that is below their bound. */
function* buckets(
  name: string,
  unit: number,
  { labels, histogram }: Sample,
): Generator<string> {
  let count = 0;
  for (const [bucket, more] of histogram.counts.entries()) {
    const bound = histogram.bounds[bucket];
    const le = number(bound === undefined ? Infinity : bound / unit);
    count += more;
    yield line(`${name}_bucket`, { le, ...labels }, count);
  }
  yield line(`${name}_sum`, labels, histogram.sum / unit);
  yield line(`${name}_count`, labels, count);
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) =>
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
