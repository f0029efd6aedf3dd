/**
 * `deno task inspect`: a proxy that shows the frames between clients and a
 * relay.
 *
 * @module
 */

import { stopSignals } from "../../shared/cli/stopping.ts";
import { type Address, formatAddress } from "../../shared/folder/info_files.ts";
import { printableLine } from "../../shared/cli/printable.ts";
import { readCommandLine } from "../../shared/cli/command_line.ts";
import {
  flagsHelp,
  nonEmpty,
  switchFlag,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { formFlags, Printer, printForm } from "../dissect/printer.ts";
import { parseNearAddress } from "../near_address.ts";
import type { SigningKey } from "../../shared/secure/ed25519.ts";
import { parseKeyText } from "../../shared/secure/key_text.ts";
import { formatRelayLine } from "../../shared/secure/relay_line.ts";
import { Proxy, type Watcher } from "./proxy.ts";
import { SecureProxy } from "./secure_proxy.ts";

const flags = {
  listen: valueFlag(
    "PORT",
    "where to listen, on 127.0.0.1, or ADDRESS:PORT; 0 is any port",
    (text) => parseNearAddress(text, 0),
  ),
  to: valueFlag(
    "HOST:PORT",
    "where the relay is; a port alone is one of this machine's",
    (text) => parseNearAddress(text),
  ),
  "relay-key": valueFlag(
    "FILE",
    "the relay's key, relay.key in its folder: shows its secure port",
    nonEmpty,
  ),
  ...formFlags,
  help: switchFlag("print this"),
};

const HELP =
  `Shows what passes between clients and a relay, and what is wrong with it.

Usage: deno task inspect --listen PORT --to HOST:PORT [flags]

Clients connect to it in the relay's place.

${flagsHelp(flags, 19)}
Examples:
  deno task inspect --listen 1360 --to 127.0.0.1:1357
  deno task inspect --listen 1360 --to 1357 --brief
  deno task inspect --listen 1360 --to 1357 --json > talk.jsonl
  deno task inspect --listen 1368 --to 1358 --relay-key messageu-data/relay.key

A secure port is shown only with the relay's key. Clients then enter the line
that is printed: to them the inspector is the relay, and reads all that they
send. Use it with a relay of your own, for tests.
`;

async function main(args: readonly string[]): Promise<void> {
  const { values } = await readCommandLine(args, flags);
  const { listen, to } = values;
  if (listen === undefined) throw missing("listen");
  if (to === undefined) throw missing("to");
  const printer = new Printer(printForm(values));
  const stopped = Promise.withResolvers<void>();
  const keyFile = values["relay-key"];
  const key = keyFile === undefined ? undefined : await relayKeyIn(keyFile);
  await Deno.permissions.revoke({ name: "read" });
  const watcher: Watcher = {
    connection: (number, client, relay) =>
      show(() => printer.connection(number, client, relay)),
    finding: (connection, finding) =>
      show(() => printer.finding(finding, { connection, time: new Date() })),
    unreachable: (number, reason) =>
      say(`#${number} can't reach ${formatAddress(to)}: ${reason}`),
  };
  const proxy = key === undefined
    ? new Proxy(to, watcher)
    : new SecureProxy(to, key, watcher);
  /** Prints, and stops once the reader of the output has gone. */
  function show(print: () => void): void {
    try {
      print();
    } catch (error) {
      if (printer.isClosed) stopped.resolve();
      else stopped.reject(error);
    }
  }
  const port = await listenOn(proxy, listen);
  const address = { ...listen, port };
  if (key !== undefined) say(HOLDS_KEY);
  show(() =>
    printer.listening(
      key === undefined
        ? formatAddress(address)
        : formatRelayLine({ ...address, key: key.publicKey }),
    )
  );
  for (const signal of stopSignals()) {
    Deno.addSignalListener(signal, () => stopped.resolve());
  }
  await stopped.promise;
  await proxy.close();
  const { connections } = proxy;
  const noun = connections === 1 ? "connection" : "connections";
  if (!printer.isClosed) say(`${connections} ${noun} passed`);
}

function say(text: string): void {
  console.error(printableLine(text));
}

const missing = (flag: keyof typeof flags) =>
  new UsageError(
    `--${flag} is needed, as in --listen 1360 --to 127.0.0.1:1357: see --help`,
  );

const HOLDS_KEY =
  "WARNING: this inspector holds the relay's key. It ends the clients' TLS in the relay's name, reads all that passes, and no client can tell. Only a holder of this key can do so: keep it to yourself";

/** @throws {Error} if the file can't be read, or holds no key */
async function relayKeyIn(path: string): Promise<SigningKey> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new Error(`Can't read ${path}: ${reasonOf(cause)}`, { cause });
  }
  const key = await parseKeyText(text);
  if (key !== undefined) return key;
  throw new Error(`${path} holds no key of a relay, as its relay.key does`);
}

async function listenOn(
  proxy: Pick<Proxy, "listen">,
  listen: Address,
): Promise<number> {
  try {
    return await proxy.listen(listen);
  } catch (cause) {
    throw new Error(
      `Can't listen on ${formatAddress(listen)}: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
