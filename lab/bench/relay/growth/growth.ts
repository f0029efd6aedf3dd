/**
 * How the relay's cost grows: studies, their tables and their plots.
 *
 * @module
 */

import type { Contestants } from "../contestants.ts";
import { type BenchOptions, pick } from "../options.ts";
import { writePlot } from "../performance_page.ts";
import { renderPlot } from "../plot.ts";
import { figure, markdown } from "../table.ts";
import { connections } from "./connections.ts";
import { inbox } from "./inbox.ts";
import { memory } from "./memory.ts";
import type { Finding } from "./study.ts";
import { users } from "./users.ts";

const STUDIES = [inbox, users, connections, memory];
/** Rows of a table at most: of more points, some are shown. */
const MOST_ROWS = 12;

/** Measures all studies, or the one that is picked. */
export async function measureGrowth(
  contestants: Contestants,
  options: BenchOptions,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const study of pick(STUDIES, options)) {
    console.error(`${study.name}: measuring`);
    findings.push(...await study.measure(contestants, options));
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
      table(finding),
    ].join("\n\n")
  ).join("\n\n");
}

/** Draws the findings into the docs. */
export async function writePlots(findings: readonly Finding[]): Promise<void> {
  for (const finding of findings) {
    await writePlot(finding.name, renderPlot(finding));
  }
}

function table({ x, y, series }: Finding): string {
  const all = series[0]?.points.map(([x]) => x) ?? [];
  const step = Math.ceil(all.length / MOST_ROWS);
  const rows = all.filter((_, i) => i % step === 0 || i === all.length - 1);
  return markdown([
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
