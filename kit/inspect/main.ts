/**
 * `deno task inspect`: a proxy that shows what passes between clients and a
 * relay.
 *
 * @module
 */

import { stopSignals } from "../../shared/cli/stopping.ts";
import { parseFlags } from "../flags.ts";
import {
  type Address,
  formatAddress,
  parseAddress,
} from "../../shared/folder/info_server.ts";
import { printableLine } from "../../shared/cli/printable.ts";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { Printer } from "../dissect/printer.ts";
import { Proxy } from "./proxy.ts";

const HELP =
  `Shows what passes between clients and a relay, and what is wrong with it.

Usage: deno task inspect --listen PORT --to HOST:PORT [flags]

Clients connect to it in the relay's place.

  --listen PORT    where to listen, on 127.0.0.1, or ADDRESS:PORT; 0 is any port
  --to HOST:PORT   where the relay is
  --json           a frame a line, as JSON
  --help           print this
`;

async function main(args: readonly string[]): Promise<void> {
  const { values, switches } = parseFlags(args, ["listen", "to"], ["json"]);
  const listen = address("listen", withHost(values.listen), 0);
  const to = address("to", values.to, 1);
  const printer = new Printer(switches.json);
  const stopped = Promise.withResolvers<void>();
  const proxy = new Proxy(to, {
    connection: (number, client, relay) =>
      show(() => printer.connection(number, client, relay)),
    finding: (connection, finding) =>
      show(() => printer.finding(finding, { connection, time: new Date() })),
    unreachable: (number, reason) =>
      say(`#${number} can't reach ${formatAddress(to)}: ${reason}`),
  });
  /** Nobody reads it any more: there is nothing left to do. */
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
  for (const signal of stopSignals) {
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

/** A port alone is one of this machine's. */
function withHost(text: string | undefined): string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
}

function address(
  flag: string,
  text: string | undefined,
  leastPort: number,
): Address {
  if (text === undefined) {
    throw new UsageError(`--${flag} is needed: see --help`);
  }
  try {
    return parseAddress(text, leastPort);
  } catch (cause) {
    throw new UsageError(`--${flag}: ${reasonOf(cause)}`, { cause });
  }
}

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
