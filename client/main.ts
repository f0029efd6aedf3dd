/**
 * The client's program: flags, and the menu.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { runProgram } from "../shared/program.ts";
import { describeFailure, UserError } from "./errors.ts";
import { runMenu } from "./menu.ts";
import { addressFinder, HELP, readClientOptions } from "./options.ts";
import { printableLine } from "./printable.ts";
import { RelayLink } from "./relay_link.ts";
import { Session } from "./session.ts";
import { standardTerminal } from "./terminal.ts";

/** What is wrong is said; the menu comes all the same. */
async function tell(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.log(describeFailure(error));
  }
}

async function main(args: readonly string[]): Promise<void> {
  const options = readClientOptions(args);
  if (options.help) return console.log(HELP.trimEnd());
  if (options.version) return console.log(config.version);
  const locate = addressFinder(options, (text) => console.log(text));
  const link = new RelayLink(locate, options.clientVersion);
  using session = new Session(options.dir, link);
  await tell(locate);
  await tell(async () => {
    const me = await session.identity();
    if (me !== undefined) console.log(`You are ${printableLine(me.name)}`);
  });
  await runMenu(session, standardTerminal());
}

if (import.meta.main) await runProgram(main);
