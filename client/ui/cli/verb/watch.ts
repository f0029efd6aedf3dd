/**
 * Goes on receiving: asks the relay often while something comes in and less
 * often when nothing does, and notices at once what other clients in the
 * folder have received.
 *
 * @module
 */

import {
  ConnectionError,
  ServerRefusedError,
  type UserError,
} from "../../../errors.ts";
import type { Message } from "../../../session/message.ts";
import type { Session } from "../../../session/session.ts";
import { complain, type Complaints } from "./failure.ts";
import type { Output } from "./output.ts";
import type { Stop } from "./stop.ts";

/** Milliseconds between two questions while something comes in. */
const LIVELY = 500;
/** Milliseconds between them when nothing has come for long. */
const QUIET = 5000;
/** By how much the pause grows with each question that brings nothing. */
const SLOWING = 1.3;
/** Milliseconds between two looks at whether the folder has changed. */
const LOOK = 100;

/** How it stands with the relay when messages are handed out. */
export interface Round {
  /** Whether the relay was asked in this run. */
  asked: boolean;
  /** Whether it was asked since the end was near. */
  askedLast: boolean;
  /** Why it didn't answer the last time. */
  failure: UserError | undefined;
}

/** What a watch works with. */
export interface WatchParts {
  session: Session;
  output: Output;
  stop: Stop;
  /** Gets what couldn't be saved or read. */
  complaints: Complaints;
  /** Hands out what is in the store; resolves to whether to go on. */
  handOut: (round: Round) => Promise<boolean>;
  /** Whether to hand out again though nothing has changed in the store. */
  isDue?: () => boolean;
  /** Whether the relay is to be asked once more, at once, and then no more. */
  isEnding?: () => boolean;
  /** Gets messages that can't be kept. */
  unkept?: (message: Message) => unknown;
}

/**
 * Receives until it is stopped. A relay that is gone is said once, and that it
 * is back too.
 *
 * @throws {UserError} on anything but the relay's absence
 */
export async function watch(parts: WatchParts): Promise<void> {
  const { session, output, stop, complaints, unkept } = parts;
  const round: Round = {
    asked: false,
    askedLast: false,
    failure: undefined,
  };
  let pause = LIVELY;
  // What is in the store needs no relay.
  if (!await parts.handOut(round)) return;
  while (!stop.wanted) {
    let count = 0;
    // What is on its way may have been asked for before.
    const isLast = parts.isEnding?.() === true;
    try {
      const problem = (error: UserError) => complaints.tell(error);
      const notice = (text: string) => output.say(text);
      const retrieving = session.retrieve({ problem, notice, unkept })
        .then((fresh) => count = fresh);
      if (!await stop.unless(retrieving)) return;
      if (round.failure !== undefined) output.say("The relay is back");
      round.failure = undefined;
    } catch (error) {
      const isAway = error instanceof ConnectionError ||
        error instanceof ServerRefusedError;
      if (!isAway) throw error;
      if (round.failure === undefined) {
        complain(output, error);
        output.say("Trying again until it answers");
      }
      round.failure = error;
    }
    round.asked = true;
    round.askedLast = isLast;
    if (!await parts.handOut(round)) return;
    pause = count > 0 ? LIVELY : Math.min(QUIET, pause * SLOWING);
    if (!await settle(parts, round, pause)) return;
  }
}

/** Waits for the next question to the relay, and hands out what others receive meanwhile. */
async function settle(
  { session, stop, handOut, isDue, isEnding }: WatchParts,
  round: Round,
  pause: number,
): Promise<boolean> {
  const end = performance.now() + pause;
  let version = session.version;
  while (performance.now() < end && isEnding?.() !== true) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tick = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOOK);
    });
    const ticked = await stop.unless(tick);
    clearTimeout(timer);
    if (!ticked) return false;
    if (session.version === version && isDue?.() !== true) continue;
    if (!await handOut(round)) return false;
    version = session.version;
  }
  return true;
}
