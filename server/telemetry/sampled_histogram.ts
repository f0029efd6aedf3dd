import {
  Histogram as PrometheusHistogram,
  type MetricValueWithName,
  type Registry,
} from "prom-client";
import type { Histogram } from "../histogram.ts";

/** One of a metric's histograms. */
export interface Sample {
  /** Its labels. */
  labels: Record<string, string>;
  /** Its figures. */
  histogram: Histogram;
}

type Metric = ReturnType<PrometheusHistogram["get"]>;

/** How a {@linkcode SampledHistogram} is made. */
export interface SampledHistogramOptions {
  /** The metric's name. */
  name: string;
  /** What it tells. */
  help: string;
  /** The histograms as they stand; asked for at each scrape. */
  samples: () => readonly Sample[];
  /** What one of the metric's unit is in that of the histograms. */
  unit: number;
  /** Where it is shown. */
  registry: Registry;
}

/** A metric whose figures were counted elsewhere, in less time than the library takes for it. */
export class SampledHistogram extends PrometheusHistogram {
  readonly #options: SampledHistogramOptions;

  /** Shows it in the registry. */
  constructor(options: SampledHistogramOptions) {
    const { name, help, registry } = options;
    super({ name, help, registers: [registry] });
    this.#options = options;
  }

  /** The metric as it stands. */
  override get(): Metric {
    const { name, help, samples } = this.#options;
    const values = samples().flatMap((sample) => [...this.#values(sample)]);
    const metric = { name, help, type: "histogram", aggregator: "sum", values };
    // The library's own type asks for a type that its code doesn't export.
    return Promise.resolve(metric as unknown as Awaited<Metric>);
  }

  /** What the library asks for instead where it makes a text. */
  getForPromString(): Metric {
    return this.get();
  }

  *#values(
    { labels, histogram }: Sample,
  ): Generator<MetricValueWithName<string>> {
    const { name, unit } = this.#options;
    let count = 0;
    for (const [bucket, more] of histogram.counts.entries()) {
      const bound = histogram.bounds[bucket];
      const le = bound === undefined ? "+Inf" : `${bound / unit}`;
      count += more;
      yield {
        metricName: `${name}_bucket`,
        labels: { le, ...labels },
        value: count,
      };
    }
    yield { metricName: `${name}_sum`, labels, value: histogram.sum / unit };
    yield { metricName: `${name}_count`, labels, value: count };
  }
}
