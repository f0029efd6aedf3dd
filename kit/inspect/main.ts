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
import { flagsHelp, switchFlag, valueFlag } from "../../shared/cli/flags.ts";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { formFlags, Printer, printForm } from "../dissect/printer.ts";
import { parseNearAddress } from "../near_address.ts";
import { Proxy } from "./proxy.ts";

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
  ...formFlags,
  help: switchFlag("print this"),
};

const HELP =
  `Shows what passes between clients and a relay, and what is wrong with it.

Usage: deno task inspect --listen PORT --to HOST:PORT [flags]

Clients connect to it in the relay's place.

${flagsHelp(flags, 19)}
Examples:
  deno task inspect --listen 1358 --to 127.0.0.1:1357
  deno task inspect --listen 1358 --to 1357 --brief
  deno task inspect --listen 1358 --to 1357 --json > talk.jsonl
`;

async function main(args: readonly string[]): Promise<void> {
  const { values } = await readCommandLine(args, flags);
  const { listen, to } = values;
  if (listen === undefined) throw missing("listen");
  if (to === undefined) throw missing("to");
  const printer = new Printer(printForm(values));
  const stopped = Promise.withResolvers<void>();
  const proxy = new Proxy(to, {
    connection: (number, client, relay) =>
      show(() => printer.connection(number, client, relay)),
    finding: (connection, finding) =>
      show(() => printer.finding(finding, { connection, time: new Date() })),
    unreachable: (number, reason) =>
      say(`#${number} can't reach ${formatAddress(to)}: ${reason}`),
  });
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
  show(() => printer.listening(formatAddress({ ...listen, port })));
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
    `--${flag} is needed, as in --listen 1358 --to 127.0.0.1:1357: see --help`,
  );

async function listenOn(proxy: Proxy, listen: Address): Promise<number> {
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
