/**
 * How the relay's cost grows: studies, their tables and their plots.
 *
 * @module
 */

import type { Contestants } from "../contestants.ts";
import { type BenchOptions, pick } from "../options.ts";
import { writePlot } from "../performance_page.ts";
import { type Plot, renderPlot } from "../plot.ts";
import { table } from "../../../generate/markdown.ts";
import { figure } from "../table.ts";
import { connections } from "./connections.ts";
import { inbox } from "./inbox.ts";
import { memory } from "./memory.ts";
import { users } from "./users.ts";

/** What came of a study. */
export interface Finding extends Plot {
  /** Name of the plot's file, without its extension. */
  name: string;
  /** What a reader has to know. */
  note: string;
}

/** Something that is measured at several sizes. */
export type Study = (
  contestants: Contestants,
  options: BenchOptions,
) => Promise<Finding[]>;

const STUDIES: readonly { name: string; measure: Study }[] = [
  { name: "inbox", measure: inbox },
  { name: "users", measure: users },
  { name: "connections", measure: connections },
  { name: "memory", measure: memory },
];
/** Rows of a table at most: of more points, some are shown. */
const MOST_ROWS = 12;

/** Measures all studies, or the one that is picked. */
export async function measureGrowth(
  contestants: Contestants,
  options: BenchOptions,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, measure } of pick(STUDIES, options)) {
    console.error(`${name}: measuring`);
    findings.push(...await measure(contestants, options));
  }
  return findings;
}

/** The findings in Markdown, with their plots by name. */
export function growthText(findings: readonly Finding[]): string {
  return findings.map((finding) =>
    [
      `### ${finding.title}`,
      finding.note,
      `![${finding.title}](plots/${finding.name}.svg)`,
      tableOf(finding),
    ].join("\n\n")
  ).join("\n\n");
}

/** Draws the findings into the docs. */
export async function writePlots(findings: readonly Finding[]): Promise<void> {
  for (const finding of findings) {
    await writePlot(finding.name, renderPlot(finding));
  }
}

function tableOf({ x, y, series }: Finding): string {
  const all = series[0]?.points.map(([x]) => x) ?? [];
  const step = Math.ceil(all.length / MOST_ROWS);
  const rows = all.filter((_, i) => i % step === 0 || i === all.length - 1);
  return table([
    [x.label, ...series.map(({ label }) => `${label}, ${y.label}`)],
    ...rows.map((row) => [
      figure(row),
      ...series.map(({ points }) => {
        const [, value] = points.find(([x]) => x === row) ?? [];
        return value === undefined ? "" : figure(value);
      }),
    ]),
  ]);
}
