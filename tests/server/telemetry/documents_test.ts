import { assert, assertEquals } from "@std/assert";
import { MonitoredRelay } from "../../support/relays/monitored_relay.ts";
import { ROOT } from "../../../lab/harness/program.ts";
import { scrape } from "../../support/relays/scrape.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const page = () => Deno.readTextFile(`${ROOT}docs/monitoring.md`);

/** The metrics that an expression of PromQL names, without what histograms add. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '""');
  return [...bare.matchAll(/\b(?:messageu|process)_[a-z_]+/g)]
    .map(([name]) => name);
}

/** What a real scrape has. */
async function exported() {
  await using monitored = await MonitoredRelay.start();
  const { types, samples } = await scrape(monitored.url);
  const series = new Set(
    [...samples.keys()].map((sample) => sample.replace(/\{.*/, "")),
  );
  return { types, series };
}

interface Target {
  expr: string;
}

interface Panel {
  type: string;
  title: string;
  targets?: Target[];
  datasource?: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
}

testWith(
  LOOPBACK_AND_FILES,
  "the dashboard shows what a relay exports, by data source, job and instance",
  async () => {
    const path = `${ROOT}docs/grafana/messageu.json`;
    const dashboard = JSON.parse(await Deno.readTextFile(path));
    const panels: Panel[] = dashboard.panels;
    const variables: { name: string; type: string }[] =
      dashboard.templating.list;
    assertEquals(variables.map(({ name, type }) => [name, type]), [
      ["datasource", "datasource"],
      ["job", "query"],
      ["instance", "query"],
    ]);
    assertEquals(
      panels.filter(({ type }) => type === "row").map(({ title }) => title),
      [
        "Now",
        "Traffic",
        "Secure port",
        "Latency",
        "Store",
        "Refusals",
        "Resources",
      ],
    );
    const { series, types } = await exported();
    const shown = new Set<string>();
    for (const { type, title, targets = [], datasource } of panels) {
      if (type === "row") continue;
      assert(targets.length > 0, title);
      assertEquals(datasource?.uid, "${datasource}", title);
      for (const { expr } of targets) {
        const names = metricsIn(expr);
        assert(names.length > 0, expr);
        for (const name of names) {
          assert(series.has(name), `${title}: ${name} is exported`);
          shown.add(name.replace(/_(bucket|sum|count)$/, ""));
        }
        const selectors = expr.match(/job=~"\$job",instance=~"\$instance"/g);
        assertEquals(selectors?.length, names.length, expr);
      }
    }
    assertEquals([...types.keys()].filter((name) => !shown.has(name)), []);
    for (const [i, a] of panels.entries()) {
      for (const b of panels.slice(i + 1)) {
        assertEquals(overlap(a, b), false, `${a.title} and ${b.title}`);
      }
    }
  },
);

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w &&
    a.y < b.y + b.h && b.y < a.y + a.h;
}

testWith(
  LOOPBACK_AND_FILES,
  "docs/monitoring.md alerts on what a relay exports",
  async () => {
    const markdown = await page();
    const { series } = await exported();
    const alerts = [...markdown.matchAll(/^ +expr: (.*)$/gm)];
    assert(alerts.length > 5);
    for (const [, expression = ""] of alerts) {
      for (const name of metricsIn(expression)) {
        assert(series.has(name), `${name} is exported`);
      }
    }
  },
);
