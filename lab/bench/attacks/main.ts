/**
 * What a user waits for while others attack the relay from other addresses, at
 * the relay's default limits. See `--help`.
 *
 * @module
 */

import { readCommandLine } from "../../../shared/cli/command_line.ts";
import {
  choiceFlag,
  flagsHelp,
  switchFlag,
  valueFlag,
} from "../../../shared/cli/flags.ts";
import { decimalFrom } from "../../flags.ts";
import {
  runProgram,
  UsageError,
  withHelp,
} from "../../../shared/cli/program.ts";
import { Program } from "../../harness/program.ts";
import { drawIdentity, drawPackages } from "../../harness/secure/identity.ts";
import { SecurePeer } from "../../harness/secure/peer.ts";
import { formatRelayLine } from "../../../shared/secure/relay_line.ts";
import { SINGLE_USE } from "../../../shared/secure/secure_protocol.ts";
import { Child } from "../relay/child.ts";
import { seedDatabase } from "../relay/seed.ts";
import { table } from "../../generate/markdown.ts";
import { replaceSection } from "../relay/performance_page.ts";
import { spreadOf } from "../relay/table.ts";
import { attackNamed, attackNames, LARGE, MANY, send } from "./attacks.ts";
import { RelayProcess } from "../../fuzz/relay/relay_process.ts";
import { secureAttackNames, whatSecureAttackIs } from "./secure_attacks.ts";
import { Way } from "./way.ts";
import { secureWaits, workSecurely } from "./secure_user.ts";
import { ask, requestNames, type Waits, work } from "./user.ts";

const flags = {
  seconds: valueFlag(
    "N",
    "how long each attack stands while the user works (default: 15;\nwith --secure: 8)",
    decimalFrom(0.1, 600),
  ),
  secure: switchFlag("on the secure port"),
  only: choiceFlag(
    "NAME",
    `one attack: ${attackNames.join(", ")};\nwith --secure: ${
      secureAttackNames.join(", ")
    }`,
    [...new Set([...attackNames, ...secureAttackNames])],
  ),
  write: switchFlag("with --secure: put the table into docs/performance.md"),
  help: switchFlag("print this"),
};

const HELP = `Measures what a user waits for while others attack the relay.

Usage: deno task bench:attacks [flags]

${flagsHelp(flags, 15)}`;

const MIB = 1024 * 1024;
/** Milliseconds that an attack stands before the user begins. */
const BEFORE = 2000;
/** Milliseconds in which the attackers respond to a command. */
const PATIENCE = 60_000;

async function attack(name: string, duration: number): Promise<string[]> {
  const { connections, users = 10, flags = [] } = attackNamed(name);
  const dir = await Deno.makeTempDir({ prefix: "messageu-bench-" });
  try {
    seedDatabase(`${dir}/db.defensive`, { users });
    await using relay = Program.relay(
      dir,
      ...["--port", "0", "--max-waiting", "0", ...flags],
    );
    const { port } = await relay.address();
    if (name.includes("unread-pulls") || name.includes("sipped")) {
      await ask(port, send(LARGE, 16 * MIB));
    }
    if (name === "devoured-pulls") {
      for (let i = 0; i < 10_000; i++) await ask(port, send(MANY, 1));
    }
    await using attackers = Child.start("../attacks/attacks.ts", [
      "--allow-net",
    ]);
    const opened = await attackers.ask<number>(
      "begin",
      { name, port },
      PATIENCE,
    );
    if (connections > 0) {
      await new Promise((resolve) => setTimeout(resolve, BEFORE));
    }
    const waits = await work(port, duration);
    const left = await attackers.ask<number>("standing", undefined, PATIENCE);
    return [name, `${left} of ${opened}`, ...texts(waits)];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The median and the longest of each kind. */
function texts(
  waits: Waits,
  names: readonly string[] = requestNames,
): string[] {
  return names.map((name) => {
    const { median, max } = spreadOf(waits[name] ?? [Infinity]);
    return `${text(median)} / ${text(max)}`;
  });
}

function text(ms: number): string {
  return ms === Infinity ? "none" : `${Number(ms.toPrecision(3))}`;
}

/** An attack on the secure port; the user is at another address. */
async function attackSecurely(
  name: string,
  duration: number,
): Promise<string[]> {
  const dir = await Deno.makeTempDir({ prefix: "messageu-bench-" });
  let relay: RelayProcess | undefined;
  try {
    relay = await RelayProcess.start(
      dir,
      ["--max-waiting", "0", "--max-waiting-bytes", "0"],
    );
    const line = await relay.secureLine();
    using way = new Way("127.0.0.2", line);
    const identity = await drawIdentity("user");
    using peer = await SecurePeer.registered(way.line, identity);
    const packages = await drawPackages(identity, SINGLE_USE.most);
    for (let at = 0; at < packages.length; at += 40) {
      await peer.ask("publish", { packages: packages.slice(at, at + 40) });
    }
    await using attackers = Child.start("../attacks/secure_attacks.ts", [
      "--allow-net",
      "--allow-run=openssl",
    ]);
    const opened = await attackers.ask<number>("begin", {
      name,
      line: formatRelayLine(line),
      port: relay.port,
      account: identity.record.account.toHex(),
      device: identity.device.toHex(),
    }, PATIENCE);
    if (opened > 0) {
      await new Promise((resolve) => setTimeout(resolve, BEFORE));
    }
    const waits = await workSecurely(way.line, identity, duration);
    const left = await attackers.ask<number>("standing", undefined, PATIENCE);
    const { singleUseLeft } = await peer.ask("publish", { packages: [] });
    return [
      ...[whatSecureAttackIs(name), `${left} of ${opened}`],
      ...texts(waits, secureWaits),
      `${singleUseLeft}`,
      `${Math.round(relay.mostRss / MIB)}`,
    ];
  } finally {
    await relay?.kill();
    await Deno.remove(dir, { recursive: true });
  }
}

/** The table of attacks on a port. */
async function measure(
  names: readonly string[],
  head: readonly string[],
  attack: (name: string) => Promise<string[]>,
): Promise<string> {
  const rows = [[...head]];
  for (const name of names) {
    console.error(name);
    rows.push(await attack(name));
  }
  return table(rows);
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = await readCommandLine(args, flags);
  const { only, secure = false, write = false } = values;
  if (write && (!secure || only !== undefined)) {
    throw new UsageError("--write: expected --secure, and no --only");
  }
  const { seconds = secure ? 8 : 15 } = values;
  const known = secure ? secureAttackNames : attackNames;
  const names = only === undefined ? known : [only];
  if (!names.every((name) => known.includes(name))) {
    throw new UsageError(`--only: expected one of ${known.join(", ")}`);
  }
  const waits = (secure ? secureWaits : requestNames)
    .map((name) => `${name}, ms`);
  const duration = 1000 * seconds;
  const text = secure
    ? await measure(
      names,
      [
        ...["attack", "going on", ...waits],
        ...["packages left of 100", "relay's memory, MiB"],
      ],
      (name) => attackSecurely(name, duration),
    )
    : await measure(
      names,
      ["attack", "connections left", ...waits],
      (name) => attack(name, duration),
    );
  const all = `Of each wait the median and the longest.\n\n${text}`;
  console.log(all);
  if (write) await replaceSection("secure-attacks", all);
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
