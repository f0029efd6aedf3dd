/**
 * What a study of growth is.
 *
 * @module
 */

import type { Contestants } from "../contestants.ts";
import type { BenchOptions } from "../options.ts";
import type { Plot } from "../plot.ts";

/** What came of a study: a plot, and how its file is called. */
export interface Finding extends Plot {
  /** The file's name, without its end. */
  name: string;
  /** What has to be known to read it. */
  note: string;
}

/** Something that is measured at several sizes. */
export interface Study {
  /** What `--only` calls it. */
  name: string;
  /** Measures it. */
  measure: (
    contestants: Contestants,
    options: BenchOptions,
  ) => Promise<Finding[]>;
}

/** Seconds of a run before the one that counts: the log has to reach its length. */
export const WARM_UP = 1;
