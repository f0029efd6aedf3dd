/**
 * Receives again and again: often while messages arrive and less often when none
 * do, and notices at once what other clients in the folder have received.
 *
 * @module
 */

import {
  ConnectionError,
  ServerRefusedError,
  type UserError,
} from "../../../errors.ts";
import type { MessageToShow } from "../../../session/receive_event.ts";
import type { Session } from "../../../session/session.ts";
import { complain, type Complaints } from "./failure.ts";
import type { Output } from "./output.ts";
import type { Stop } from "./stop.ts";

/** Milliseconds between two requests while messages arrive. */
const LIVELY = 500;
/** Milliseconds between two requests when none has arrived for long. */
const QUIET = 5000;
/** Factor by which the pause grows with each request that brings nothing. */
const SLOWING = 1.3;
/** Milliseconds between two checks whether the store has changed. */
const LOOK = 100;

/** The store may hold new messages. */
export interface Round {
  readonly kind: "round";
  /** Whether the relay was asked in this run. */
  asked: boolean;
  /** Whether it was asked since the end was near. */
  askedLast: boolean;
  /** Why the last request failed. */
  failure: UserError | undefined;
}

/** What a watch works with. */
export interface WatchParts {
  session: Session;
  output: Output;
  stop: Stop;
  /** Gets the problems of receiving. */
  complaints: Complaints;
  /** Whether another round is due though the store hasn't changed. */
  isDue?: () => boolean;
  /** Whether the relay is to be asked once more, at once, and then no more. */
  isEnding?: () => boolean;
}

/**
 * Receives until it is stopped, and yields a {@linkcode Round} whenever the store
 * may hold new messages, and each message that can't be stored. Says once that a
 * relay is away, and that it is back.
 *
 * @throws {UserError} on anything but the relay's absence
 */
export async function* watch(
  parts: WatchParts,
): AsyncGenerator<Round | MessageToShow, void, void> {
  const { output, stop } = parts;
  const round: Round = {
    kind: "round",
    asked: false,
    askedLast: false,
    failure: undefined,
  };
  let pause = LIVELY;
  // Messages in the store need no relay.
  yield round;
  while (!stop.wanted) {
    let count = 0;
    // A message on its way may have missed the request before.
    const isLast = parts.isEnding?.() === true;
    try {
      const received = yield* receive(parts);
      if (received === undefined) return;
      count = received;
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
    yield round;
    pause = count > 0 ? LIVELY : Math.min(QUIET, pause * SLOWING);
    yield* settle(parts, round, pause);
  }
}

/** Receives once; returns the number of new messages, or undefined where it is stopped. */
async function* receive(
  { session, output, stop, complaints }: WatchParts,
): AsyncGenerator<MessageToShow, number | undefined, void> {
  const events = session.receive();
  let count = 0;
  for (;;) {
    const step = events.next();
    if (!await stop.unless(step)) return undefined;
    const { done, value: event } = await step;
    if (done) return count;
    if (event.kind === "problem") complaints.tell(event.error);
    else if (event.kind === "notice") output.say(event.text);
    else if (event.kind === "stored") count += event.count;
    else yield event;
  }
}

/** Waits for the next request to the relay; yields what other clients receive meanwhile. */
async function* settle(
  { session, stop, isDue, isEnding }: WatchParts,
  round: Round,
  pause: number,
): AsyncGenerator<Round, void, void> {
  const { database } = session.store;
  const end = performance.now() + pause;
  let { version } = database;
  while (performance.now() < end && isEnding?.() !== true) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tick = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOOK);
    });
    const ticked = await stop.unless(tick);
    clearTimeout(timer);
    if (!ticked) return;
    if (database.version === version && isDue?.() !== true) continue;
    yield round;
    version = database.version;
  }
}
