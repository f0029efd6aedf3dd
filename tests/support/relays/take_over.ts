/**
 * Has new relays take over from old ones under load, in a network of its own
 * where the system moves waiting connections from one to the other, on both
 * ports, and prints what came of it. Its arguments: `sqlite` or `postgres`, a folder, how often.
 */

import { lines } from "../../../shared/cli/lines.ts";
import { PostgresCluster } from "../../../lab/harness/postgres_cluster.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { launcherArguments } from "../../../lab/harness/program.ts";
import { SecurePeer } from "../../../lab/harness/secure/peer.ts";
import { parseRelayLine } from "../../../shared/secure/relay_line.ts";

/** Clients at once, each with a connection for each message. */
const CLIENTS = 16;
/** Clients of the secure port, each with a connection for each hello. */
const SECURE_CLIENTS = 2;

/** The first worker's; the others' follow. */
const METRICS_PORT = 9100;

/** What is printed, in JSON. */
export interface TakeOverReport {
  /** Messages that were acknowledged. */
  kept: number;
  /** Of these, how many were handed out in the end. */
  handedOut: number;
  /** Hellos on the secure port that were answered. */
  greeted: number;
  /** Why connections or requests failed. */
  failures: string[];
  /** The launcher's exit code. */
  code: number;
}

const [kind, dir = ".", times = "1"] = Deno.args;
await using stack = new AsyncDisposableStack();
const cluster = kind === "postgres"
  ? stack.use(await PostgresCluster.start())
  : undefined;
const workers = cluster === undefined ? 1 : 2;
const launcher = new Deno.Command(Deno.execPath(), {
  args: launcherArguments([
    ...["--dir", dir, "--host", "127.0.0.1", "--port", "0"],
    ...["--registrations-per-minute", "0", "--workers", `${workers}`],
    ...["--secure-handshakes", "0"],
    // Nobody else is in this network.
    ...["--metrics", `127.0.0.1:${METRICS_PORT}`],
  ]),
  env: cluster === undefined
    ? {}
    : { MESSAGEU_STORE: await cluster.database() },
  stdout: "piped",
  stderr: "piped",
}).spawn();
const said = lines(launcher.stdout);
const complaints = complaintsOf(lines(launcher.stderr));
let port = NaN;
while (Number.isNaN(port)) {
  const { value: line = "" } = await said.next();
  port = Number(/^listening on \S+:(\d+)$/.exec(line)?.[1]);
}
const address = { hostname: "127.0.0.1", port };
const { value: printed = "" } = await said.next();
const line = parseRelayLine(printed);

const report: TakeOverReport = {
  kept: 0,
  handedOut: 0,
  greeted: 0,
  failures: [],
  code: -1,
};
let loading = true;

async function once<T>(work: (peer: Peer) => Promise<T>): Promise<T> {
  using peer = await Peer.connect(address);
  return await work(peer);
}

async function load(client: ClientId): Promise<void> {
  while (loading) {
    try {
      await once((peer) => peer.send(client, client, new Uint8Array(100)));
      report.kept++;
    } catch (error) {
      report.failures.push(String(error));
    }
  }
}

async function greet(): Promise<void> {
  while (loading) {
    try {
      using peer = await SecurePeer.connect(line);
      await peer.hello();
      report.greeted++;
    } catch (error) {
      report.failures.push(`secure port: ${error}`);
    }
  }
}

const ids = await once(async (peer) => {
  const ids: ClientId[] = [];
  for (let i = 0; i < CLIENTS; i++) ids.push(await peer.register(`${i}`));
  return ids;
});
const working = ids.map(load);
for (let i = 0; i < SECURE_CLIENTS; i++) working.push(greet());
const { value: told } = await complaints.next();
if (told !== `note: SIGUSR2 replaces the relay pid=${launcher.pid}`) {
  report.failures.push(`the launcher said ${told}`);
}
for (let time = 0; time < Number(times); time++) {
  launcher.kill("SIGUSR2");
  const { value } = await complaints.next();
  if (value !== "note: the new relay has taken over") {
    report.failures.push(`the launcher said ${value}`);
  }
}
loading = false;
await Promise.all(working);
for (const id of ids) {
  await once(async (peer) => {
    for (let more = 1; more > 0; report.handedOut += more) {
      more = (await peer.pull(id)).length;
    }
  });
}
for (let worker = 0; worker < workers; worker++) {
  const url = `http://127.0.0.1:${METRICS_PORT + worker}/readyz`;
  const { ok } = await fetch(url, { headers: { connection: "close" } });
  if (!ok) report.failures.push(`worker ${worker} isn't ready`);
}
launcher.kill("SIGTERM");
report.code = (await launcher.status).code;
await said.return();
await complaints.return();
console.log(JSON.stringify(report));

/** What the launcher says itself: a relay may tell of its new key at any time. */
async function* complaintsOf(
  said: AsyncGenerator<string, void, void>,
): AsyncGenerator<string, void, void> {
  for await (const line of said) {
    if (!line.includes("relay.key")) yield line;
  }
}
