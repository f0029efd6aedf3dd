/**
 * The tables of metrics and refusals in docs/monitoring.md.
 *
 * @module
 */

import {
  type ConnectionRefusal,
  connectionRefusals,
  type RequestRefusal,
  requestRefusals,
} from "../../server/relay/refusal.ts";
import { defaultLimits } from "../../server/mod.ts";
import { Monitor } from "../../server/telemetry/monitor.ts";
import { testRelay } from "../harness/resources.ts";
import { code, table } from "./markdown.ts";

/** The metrics of a relay, from a scrape. */
export async function metrics(): Promise<string> {
  const metrics = [...parse(await scrape())];
  return table([
    ["metric", "type", "labels", "what it tells"],
    ...metrics.map(({ name, type, labels, help }) => [
      code(name),
      type,
      code(...labels),
      `${help.replaceAll(/--[\w-]+/g, "`$&`")}.`,
    ]),
  ]);
}

async function scrape(): Promise<string> {
  const monitor = Monitor.start(
    { hostname: "127.0.0.1", port: 0 },
    (error) => {
      throw error;
    },
  );
  await using relay = await testRelay({ watcher: monitor.requests });
  monitor.show({
    relay: relay.relay,
    store: relay.store,
    limits: defaultLimits,
    failures: () => 0,
    droppedLines: () => 0,
  });
  const response = await fetch(monitor.url);
  const text = await response.text();
  await monitor.close();
  return text;
}

/** The metrics of a text in the format of Prometheus. */
function* parse(text: string) {
  const metric =
    /^# HELP (?<name>\S+) (?<help>.*)\n# TYPE \S+ (?<type>\S+)\n(?<samples>(?:[^#\n].*\n)*)/gm;
  for (const { groups = {} } of text.matchAll(metric)) {
    const { name = "", help = "", type = "", samples = "" } = groups;
    const labels = new Set(
      [...samples.matchAll(/[{,]([a-z]+)="/g)].map(([, label = ""]) => label),
    );
    // What histograms add.
    labels.delete("le");
    yield { name, help, type, labels: [...labels] };
  }
}

/** What each refusal means, under the name by which it is counted. */
const refused: Readonly<Record<RequestRefusal | ConnectionRefusal, string>> = {
  unknown_code: "A code that means nothing.",
  wrong_size: "A size that the request can't have.",
  too_large: "A message over `--max-message`.",
  bad_format: "A payload that isn't what the protocol says.",
  unknown_client: "A request of a client that isn't registered.",
  name_taken: "A registration under a name that is taken.",
  registration_limit: "A registration over `--registrations-per-minute`.",
  unknown_target: "A message to, or a key of, a client that isn't registered.",
  ids_used_up: "A message to an inbox that has had 4,294,967,295 of them.",
  inbox_full: "A message over `--max-waiting` or `--max-waiting-bytes`.",
  connections:
    "A connection over `--max-connections`, where no silent one makes room.",
  connections_per_address: "A connection over `--max-connections-per-address`.",
};

/** The reasons of refusals. */
export const refusals = (): string =>
  table([
    ["`reason`", "what was refused"],
    ...[...requestRefusals, ...connectionRefusals].map((reason) => [
      code(reason),
      refused[reason],
    ]),
  ]);
