/**
 * Checks a client: plays the server for it, and has its user played.
 *
 * @module
 */

import { formatAddress } from "../../../shared/folder/info_server.ts";
import type { Outcome } from "../report/outcome.ts";
import { ByHand } from "./by_hand.ts";
import { Cast } from "./cast.ts";
import { DrivenClient, type StartClient } from "./driven_client.ts";
import { DrivenFolder } from "./driven_folder.ts";
import { playScript } from "./play.ts";
import { Bell, type Player } from "./player.ts";
import { PlayingServer } from "./playing_server.ts";
import type { Script } from "./script.ts";
import { askKeys, askList } from "./steps/registration.ts";
import { SAMPLE } from "./steps/sending.ts";

/** What there is to check, whoever plays the user. */
interface Play {
  /** Where the client will connect; it is closed in the end. */
  readonly listener: Deno.TcpListener;
  /** The steps, and which checks are made. */
  readonly script: Script;
  /** Ends the play; what is known by then is told. */
  readonly signal?: AbortSignal;
}

/** A client that is started here. */
export interface DrivenPlay extends Play {
  /** The shell's command that starts it, or what does. */
  readonly drive: string | StartClient;
  /** Milliseconds that a step gets. */
  readonly timeout: number;
}

/** A client that somebody uses elsewhere. */
export interface PlayByHand extends Play {
  readonly drive?: never;
  /** Each line of it skips a step. */
  readonly input: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes what the user is to be told. */
  readonly say: (text: string) => void;
}

/** Checks a client, and yields what each check came to. */
export async function* checkClient(
  options: DrivenPlay | PlayByHand,
): AsyncGenerator<Outcome, void, void> {
  const { listener, script, signal = new AbortController().signal } = options;
  const bell = new Bell();
  signal.addEventListener("abort", () => bell.ring());
  const cast = await Cast.create();
  await using server = new PlayingServer(listener, cast, bell);
  await using folder = await DrivenFolder.create(
    SAMPLE,
    options.drive === undefined ? undefined : listener.addr,
  );
  await using player = playerOf(options, folder, bell);
  const timeout = options.drive === undefined ? Infinity : options.timeout;
  yield* playScript({ script, player, server, cast, bell, timeout, signal });
}

function playerOf(
  options: DrivenPlay | PlayByHand,
  folder: DrivenFolder,
  bell: Bell,
): Player {
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
