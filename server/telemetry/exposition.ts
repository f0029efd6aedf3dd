/**
 * The text that Prometheus reads. Nothing is kept here: each figure is asked
 * for when somebody looks.
 *
 * @module
 */

import { Counter, Gauge, Registry } from "prom-client";
import { type Sample, SampledHistogram } from "./sampled_histogram.ts";

/** A value with its labels. */
export interface Labelled {
  /** The labels. */
  labels: Record<string, string>;
  /** The value. */
  value: number;
}

/** Metrics, in the order in which they were added. */
export class Exposition {
  readonly #registry = new Registry();

  /** The media type of {@linkcode Exposition.text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics as they stand. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Adds a value that goes up and down; where it isn't known, it is left out. */
  gauge(
    name: string,
    help: string,
    value: () => number | undefined | Promise<number | undefined>,
  ): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        const now = await value();
        if (now === undefined) this.remove();
        else this.set(now);
      },
    });
  }

  /** Adds a fact that is all labels: its value is 1. */
  info(name: string, help: string, labels: Record<string, string>): void {
    const labelNames = Object.keys(labels);
    new Gauge({ name, help, labelNames, registers: [this.#registry] })
      .set(labels, 1);
  }

  /** Adds what only goes up. */
  counter(name: string, help: string, total: () => number): void {
    this.counters(name, help, [], () => [{ labels: {}, value: total() }]);
  }

  /** Adds what only goes up, by labels. */
  counters(
    name: string,
    help: string,
    labelNames: readonly string[],
    totals: () => readonly Labelled[],
  ): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of totals()) this.inc(labels, value);
      },
    });
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
    const registry = this.#registry;
    new SampledHistogram({ name, help, unit, samples, registry });
  }
}
