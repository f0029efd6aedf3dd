/**
 * `deno task conformance --client`: listens, plays and reports.
 *
 * @module
 */

import { formatAddress } from "../../../shared/info_server.ts";
import { reasonOf } from "../../../shared/reason.ts";
import { levelOf } from "../report/outcome.ts";
import { printReport } from "../report/print_report.ts";
import { Bell } from "./bell.ts";
import { ByHand } from "./by_hand.ts";
import { Cast } from "./cast.ts";
import { checkClient } from "./check_client.ts";
import { DrivenClient } from "./driven_client.ts";
import { DrivenFolder } from "./driven_folder.ts";
import {
  CLIENT_HELP,
  type ClientOptions,
  parseClientOptions,
} from "./options.ts";
import type { Player } from "./player.ts";
import { PlayingServer } from "./playing_server.ts";
import { checksOf, choose, type Script, stepsOf, stepText } from "./script.ts";
import { askKeys, askList } from "./steps/registration.ts";
import { SAMPLE } from "./steps/sending.ts";

/** Data for whoever reads the report. */
const print = (text: string) => console.log(text);
/** Talk with whoever plays. */
const say = (text: string) => console.error(text);

/**
 * Runs the whole.
 *
 * @returns the exit code: the MUSTs that failed
 * @throws {UsageError} where the flags can't be obeyed
 */
export async function conformClient(args: readonly string[]): Promise<number> {
  const options = parseClientOptions(args);
  if (options.help) {
    print(CLIENT_HELP.trimEnd());
    return 0;
  }
  const script = choose(stepsOf(options.badly), options.only);
  if (options.list) {
    print(scriptText(script, options.badly));
    return 0;
  }
  return await play(options, script);
}

async function play(options: ClientOptions, script: Script): Promise<number> {
  const listener = listen(options.address);
  const { hostname, port } = listener.addr;
  const server = { hostname, port };
  const bell = new Bell();
  const cast = await Cast.create();
  await using playing = new PlayingServer(listener, cast, bell);
  await using folder = await DrivenFolder.create(
    SAMPLE,
    options.drive === undefined ? undefined : server,
  );
  await using player = playerOf(options, folder, server, bell);
  using interrupt = new Interrupt(bell);
  const outcomes = checkClient({
    script,
    player,
    server: playing,
    cast,
    bell,
    timeout: options.drive === undefined ? Infinity : options.timeout,
    signal: interrupt.signal,
  });
  return await printReport(outcomes, {
    form: options.form,
    target: options.drive ?? `the client at ${formatAddress(server)}`,
    nameWidth: Math.max(...[...script.chosen].map((name) => name.length)),
    colour: Deno.stdout.isTerminal() && !Deno.noColor,
    verbose: options.verbose,
    print,
    stopped: () =>
      interrupt.signal.aborted
        ? "Broken off: what comes later is unknown."
        : player.stopped,
  });
}

function playerOf(
  { drive: command, timeout }: ClientOptions,
  folder: DrivenFolder,
  server: { hostname: string; port: number },
  bell: Bell,
): Player {
  const where = formatAddress(server);
  say(`listening on ${where}`);
  if (command !== undefined) {
    const again = [...askList.choices, ...askKeys.choices];
    return new DrivenClient({ command, folder, server, again, timeout }, bell);
  }
  say(`Start your client in an empty folder, with ${where} in info.server.
Enter skips a step, Ctrl-C ends it and reports what is known.`);
  return new ByHand(Deno.stdin.readable, say, folder.sample, bell);
}

function listen(address: { hostname: string; port: number }): Deno.TcpListener {
  try {
    return Deno.listen(address);
  } catch (cause) {
    throw new Error(
      `Can't listen on ${formatAddress(address)}: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/** Ctrl-C, which ends the play and not the report. */
class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #interrupted: () => void;

  constructor(bell: Bell) {
    this.#interrupted = () => {
      this.#controller.abort();
      bell.ring();
    };
    Deno.addSignalListener("SIGINT", this.#interrupted);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#interrupted);
  }
}

/** The script as it is printed: the steps, and what is checked in them. */
function scriptText({ steps, chosen }: Script, badly: boolean): string {
  const texts = steps.map((step, index) => {
    const names = step.checks.filter(({ name }) => chosen.has(name))
      .map((check) =>
        `       ${check.name}  ${check.clause} ${levelOf(check)}`
      );
    return [stepText(step, index + 1, steps.length, "FILE"), ...names]
      .join("\n");
  });
  const shown = new Set(
    stepsOf(badly).flatMap(({ checks }) => checks.map(({ name }) => name)),
  );
  const always = checksOf(stepsOf(badly)).filter(({ name }) =>
    chosen.has(name) && !shown.has(name)
  ).map((check) => `  ${check.name}  ${check.clause} ${levelOf(check)}`);
  return [...texts, "\nIn every step, and at the end:", ...always].join("\n");
}
