/**
 * Polls the relay until a signal. Notices at once what other clients in the folder
 * receive.
 *
 * @module
 */

import {
  ConnectionError,
  ServerRefusedError,
  type UserError,
} from "../../../errors.ts";
import type {
  MessageToShow,
  ReceiveEvent,
} from "../../../session/receive_event.ts";
import { paces, PollTimer } from "../../../session/poll_pace.ts";
import type { Session } from "../../../session/session.ts";
import { complain, type Complaints } from "./report.ts";
import type { Io, Output } from "./output.ts";

/** Stops a continuous verb on a signal. A second signal ends the program. */
export class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: (() => void)[] = [];
  #exitCode = 0;

  /** @param isHangupIgnored whether to ignore SIGHUP */
  constructor(io: Io, isHangupIgnored: boolean) {
    for (const [name, code] of Object.entries(io.platform.stopCodes)) {
      const removeListener = io.onSignal(name as Deno.Signal, () => {
        // Without a listener the runtime would end the program.
        if (isHangupIgnored && name === "SIGHUP") return;
        if (this.wanted) io.exit(code);
        this.#exitCode = code;
        this.#controller.abort();
      });
      this.#listeners.push(removeListener);
    }
  }

  /** Whether a signal has come. */
  get wanted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The exit code of the signal; 0 without one. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Awaits a step, but no longer than until a signal; resolves to whether the step was done. */
  async unless(step: Promise<unknown>): Promise<boolean> {
    const { signal } = this.#controller;
    if (signal.aborted) {
      step.catch(() => {});
      return false;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const abort = () => resolve(false);
    signal.addEventListener("abort", abort);
    try {
      return await Promise.race([step.then(() => true), promise]);
    } finally {
      signal.removeEventListener("abort", abort);
      // May have no awaiter any more; avoids an unhandled rejection.
      step.catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    this.#listeners.forEach((remove) => remove());
  }
}

/** Milliseconds between two checks of the store for changes. */
const LOOK = 100;

/** Signals that the store may hold new messages. */
export interface Round {
  readonly kind: "round";
  /** Whether this run has polled the relay. */
  asked: boolean;
  /** Whether the final poll is done. */
  askedLast: boolean;
  /** The failure of the last poll. */
  failure: UserError | undefined;
}

/** Dependencies of {@linkcode watch}. */
export interface WatchParts {
  session: Session;
  output: Output;
  stop: Stop;
  complaints: Complaints;
  /** Whether a round is due although the store hasn't changed. */
  isDue?: () => boolean;
  /** Whether the next poll is the final one, and due now. */
  isEnding?: () => boolean;
}

/**
 * Receives until it is stopped. Yields a {@linkcode Round} when the store may
 * hold new messages, and each message that can't be stored. Reports once that
 * the relay is unreachable and that it is back.
 *
 * @throws {UserError} on any failure but an unreachable or refusing relay
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
  const timer = new PollTimer(() => performance.now());
  // The store may hold messages before the first poll.
  yield round;
  while (!stop.wanted) {
    // Polls once more: a message may have arrived after the last poll.
    const isLast = parts.isEnding?.() === true;
    try {
      const count = yield* receive(parts);
      if (count === undefined) return;
      timer.noteResponse(count);
      if (round.failure !== undefined) output.say("The relay is back");
      round.failure = undefined;
    } catch (error) {
      const isAway = error instanceof ConnectionError ||
        error instanceof ServerRefusedError;
      if (!isAway) throw error;
      timer.noteFailure();
      if (round.failure === undefined) {
        complain(output, error);
        output.say("Trying again until it responds");
      }
      round.failure = error;
    }
    round.asked = true;
    round.askedLast = isLast;
    yield round;
    yield* settle(parts, round, timer);
  }
}

/** Receives, then sends what has waited for the relay. */
async function* exchange(
  session: Session,
): AsyncGenerator<ReceiveEvent, void, void> {
  yield* session.receive();
  yield* session.outbox.sendWaiting();
}

/** Receives once; returns the number of new messages, or undefined if stopped. */
async function* receive(
  { session, output, stop, complaints }: WatchParts,
): AsyncGenerator<MessageToShow, number | undefined, void> {
  const events = exchange(session);
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

/** Waits for the next poll; yields a round when other clients receive messages. */
async function* settle(
  { session, stop, isDue, isEnding }: WatchParts,
  round: Round,
  timer: PollTimer,
): AsyncGenerator<Round, void, void> {
  const { database } = session.store;
  let { version } = database;
  while (timer.left(paces.unattended) > 0 && isEnding?.() !== true) {
    let look: ReturnType<typeof setTimeout> | undefined;
    const tick = new Promise<void>((resolve) => {
      look = setTimeout(resolve, LOOK);
    });
    const ticked = await stop.unless(tick);
    clearTimeout(look);
    if (!ticked) return;
    if (database.version === version && isDue?.() !== true) continue;
    yield round;
    version = database.version;
  }
}
