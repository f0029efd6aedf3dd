/**
 * Checks a client with a mock server and a scripted user.
 *
 * @module
 */

import { formatAddress } from "../../../shared/folder/info_files.ts";
import type { Outcome } from "../report/outcome.ts";
import { ByHand } from "./by_hand.ts";
import { Scenario } from "./scenario.ts";
import { DrivenClient, type StartClient } from "./driven_client.ts";
import { DrivenFolder } from "./driven_folder.ts";
import { runScript } from "./run_script.ts";
import { Bell, type ClientUser } from "./client_user.ts";
import { MockServer } from "./mock_server.ts";
import type { Script } from "./script.ts";
import { askKeys, askList } from "./steps/registration.ts";
import { SAMPLE } from "./steps/sending.ts";

/** Options of every run. */
interface Run {
  /** Where the client connects; closed at the end. */
  readonly listener: Deno.TcpListener;
  /** The steps and the chosen checks. */
  readonly script: Script;
  /** Stops the run. */
  readonly signal?: AbortSignal;
}

/** Options for a client that this program starts. */
export interface DrivenRun extends Run {
  /** Shell command or function that starts the client. */
  readonly drive: string | StartClient;
  /** Time-out of a step in milliseconds. */
  readonly timeout: number;
}

/** Options for a client that a person uses. */
export interface ManualRun extends Run {
  readonly drive?: never;
  /** Each line skips a step. */
  readonly input: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Prints a text for the user. */
  readonly say: (text: string) => void;
}

/** Checks a client; yields the outcome of each check. */
export async function* checkClient(
  options: DrivenRun | ManualRun,
): AsyncGenerator<Outcome, void, void> {
  const { listener, script, signal = new AbortController().signal } = options;
  const bell = new Bell();
  signal.addEventListener("abort", () => bell.ring());
  const scenario = await Scenario.create();
  await using server = new MockServer(listener, scenario, bell);
  await using folder = await DrivenFolder.create(
    SAMPLE,
    options.drive === undefined ? undefined : listener.addr,
  );
  await using user = userOf(options, folder, bell);
  const timeout = options.drive === undefined ? Infinity : options.timeout;
  yield* runScript({ script, user, server, scenario, bell, timeout, signal });
}

function userOf(
  options: DrivenRun | ManualRun,
  folder: DrivenFolder,
  bell: Bell,
): ClientUser {
  const server = options.listener.addr;
  if (options.drive !== undefined) {
    const { drive: command, timeout } = options;
    const again = [...askList.choices, ...askKeys.choices];
    return new DrivenClient({ command, folder, server, again, timeout }, bell);
  }
  const { input, say } = options;
  say(
    `Start your client in an empty folder, with ${
      formatAddress(server)
    } in info.server.
Enter skips a step, Ctrl-C ends it and reports what is known.`,
  );
  return new ByHand(input, say, folder.sample, bell);
}
