/** Reads what a relay serves for Prometheus. */

import { until } from "../../../lab/harness/until.ts";

/** The metrics of one scrape. */
export interface Scrape {
  /** Each sample by its name and labels, as they stand in the text. */
  samples: ReadonlyMap<string, number>;
  /** Each metric's type by its name. */
  types: ReadonlyMap<string, string>;
}

/** Scrapes once. */
export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) {
    throw new Error(`Expected 200, got ${response.status}: ${text}`);
  }
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name = "", type = ""] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== "") types.set(name, type);
    const [, key = "", value] = /^([a-z][^ ]*) (\S+)$/.exec(line) ?? [];
    if (key !== "") samples.set(key, Number(value));
  }
  return { samples, types };
}

/** Scrapes until a sample has a value: figures may be a moment old. */
export async function scrapeUntil(
  url: string,
  sample: string,
  value: number,
): Promise<Scrape> {
  let last = await scrape(url);
  await until(`${sample} ${value}`, async () => {
    last = await scrape(url);
    return last.samples.get(sample) === value;
  });
  return last;
}
