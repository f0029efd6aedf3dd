/**
 * Many connections at once, until the relay is killed: clients that behave
 * well, in haste, slowly and badly.
 *
 * @module
 */

import type { Asks } from "./asks.ts";
import { Cut, Link, type Target } from "./link.ts";
import type { People } from "./people.ts";
import type { Tally } from "./tally.ts";

/** Requests in flight on a connection that doesn't wait for answers. */
const DEPTH = 16;
/** Milliseconds between the pieces of a slow request. */
const PAUSE = 3;

/** What is done on a connection; it may be left open. */
type Shape = (link: Link, asks: Asks) => Promise<void>;

/** One request, its answer, and an orderly end. */
const single: Shape = async (link, asks) => {
  await link.ask(asks.next());
  await link.response();
  link.close();
};

/** Many requests, one after the other. */
const long: Shape = async (link, asks) => {
  for (let left = asks.random.between(5, 60); left > 0; left--) {
    await link.ask(asks.next());
    await link.response();
  }
  link.close();
};

/** Many requests in flight; behind a pull it waits, so that it knows what it took. */
const deep: Shape = async (link, asks) => {
  let left = asks.random.between(2 * DEPTH, 10 * DEPTH);
  while (left > 0 || link.due > 0) {
    while (left > 0 && link.due < DEPTH && !link.pulling) {
      await link.ask(asks.next());
      left--;
    }
    await link.response();
  }
  link.close();
};

/** One client takes all that waits for it. */
const drain: Shape = async (link, asks) => {
  const first = asks.pull();
  await link.ask(first);
  while (await link.response() > 0) await link.ask(asks.pull(first.by));
  link.close();
};

/** A request that trickles in. */
const slow: Shape = async (link, asks) => {
  const ask = asks.next();
  const step = Math.ceil(ask.bytes.length / asks.random.between(2, 20));
  await link.ask(ask, async (bytes) => {
    for (let at = 0; at < bytes.length; at += step) {
      await link.write(bytes.subarray(at, at + step));
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  });
  await link.response();
  link.close();
};

/** A connection that is reset while an answer with messages is under way. */
const torn: Shape = async (link, asks) => {
  await link.ask(asks.pull());
  await link.glimpse();
  link.abandon();
};

/** Requests without waiting for their responses. */
const deaf: Shape = async (link, asks) => {
  for (let left = asks.random.between(1, DEPTH); left > 0; left--) {
    await link.ask(asks.next());
    if (link.pulling) break;
  }
  link.abandon();
};

/** A request that breaks off, and the connection with it. */
const broken: Shape = async (link, asks) => {
  await link.ask(asks.next());
  await link.response();
  await link.leaveUnfinished(asks.unfinished());
  link.abandon();
};

/** A request that is half written when the kill comes. */
const halfway: Shape = async (link, asks) => {
  await link.ask(asks.next());
  await link.response();
  await link.leaveUnfinished(asks.unfinished());
  await link.stay();
};

/** The shapes that come to an end by themselves, each as often as it should be. */
const endingShapes: readonly Shape[] = [
  ...[single, single, single, single],
  ...[long, long, deep, deep, deep, drain],
  ...[slow, torn, torn, deaf, broken],
];

/** One of so many connections stays in the middle of a request until the kill. */
const HALFWAY = 8;

/** What loads a relay. */
export interface Load {
  readonly target: Target;
  /** Kills the relay; doing so again does nothing. */
  readonly kill: () => void;
  readonly people: People;
  readonly tally: Tally;
}

/**
 * Opens so many connections and keeps as many open: as one ends the next
 * begins. Ends with the relay's kill.
 *
 * @param choose makes what chooses for one of them
 * @throws {Violation} where the relay broke a promise on one of them, at which
 * it is killed at once
 */
export async function runLoad(
  load: Load,
  connections: number,
  choose: () => Asks,
): Promise<void> {
  const workers: Promise<void>[] = [];
  let first: { error: unknown } | undefined;
  for (let index = 0; index < connections; index++) {
    const stays = index % HALFWAY === HALFWAY - 1;
    workers.push(
      work(load, choose(), stays).catch((error) => {
        first ??= { error };
        load.kill();
      }),
    );
  }
  await Promise.all(workers);
  if (first !== undefined) throw first.error;
}

async function work(load: Load, asks: Asks, stays: boolean): Promise<void> {
  // Half a message needs a registered target.
  await run(load, asks, single);
  while (!load.target.killed) {
    const shape = stays ? halfway : asks.random.pick(endingShapes);
    await run(load, asks, shape);
  }
}

async function run(
  { target, people, tally }: Load,
  asks: Asks,
  shape: Shape,
): Promise<void> {
  let link: Link | undefined;
  try {
    link = await Link.open(target, people, tally);
    await shape(link, asks);
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    if (!target.killed) tally.cut++;
  } finally {
    link?.abandon();
  }
}
