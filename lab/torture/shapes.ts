/**
 * How clients behave on a connection: well, in haste, slowly and badly.
 *
 * @module
 */

import type { Asks } from "./asks.ts";
import type { Link } from "./link.ts";

/** Requests in flight on a connection that doesn't wait for answers. */
const DEPTH = 16;
/** Milliseconds between the pieces of a slow request. */
const PAUSE = 3;

/** What is done on a connection; it may be left open. */
export type Shape = (link: Link, asks: Asks) => Promise<void>;

/** One request, its answer, and an orderly end. */
export const single: Shape = async (link, asks) => {
  await link.ask(asks.next());
  await link.answer();
  link.close();
};

/** Many requests, one after the other. */
export const long: Shape = async (link, asks) => {
  for (let left = asks.random.between(5, 60); left > 0; left--) {
    await link.ask(asks.next());
    await link.answer();
  }
  link.close();
};

/** Many requests in flight; behind a pull it waits, so that it knows what it took. */
export const deep: Shape = async (link, asks) => {
  let left = asks.random.between(2 * DEPTH, 10 * DEPTH);
  while (left > 0 || link.due > 0) {
    while (left > 0 && link.due < DEPTH && !link.pulling) {
      await link.ask(asks.next());
      left--;
    }
    await link.answer();
  }
  link.close();
};

/** One client takes all that waits for it. */
export const drain: Shape = async (link, asks) => {
  const first = asks.pull();
  await link.ask(first);
  while (await link.answer() > 0) await link.ask(asks.pull(first.by));
  link.close();
};

/** A request that trickles in. */
export const slow: Shape = async (link, asks) => {
  const ask = asks.next();
  const step = Math.ceil(ask.bytes.length / asks.random.between(2, 20));
  await link.ask(ask, async (bytes) => {
    for (let at = 0; at < bytes.length; at += step) {
      await link.write(bytes.subarray(at, at + step));
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  });
  await link.answer();
  link.close();
};

/** A connection that is reset while an answer with messages is under way. */
export const torn: Shape = async (link, asks) => {
  await link.ask(asks.pull());
  await link.glimpse();
  link.abandon();
};

/** Requests whose answers nobody waits for. */
export const deaf: Shape = async (link, asks) => {
  for (let left = asks.random.between(1, DEPTH); left > 0; left--) {
    await link.ask(asks.next());
    if (link.pulling) break;
  }
  link.abandon();
};

/** A request that breaks off, and the connection with it. */
export const broken: Shape = async (link, asks) => {
  await link.ask(asks.next());
  await link.answer();
  await link.leaveUnfinished(asks.unfinished());
  link.abandon();
};

/** A request that is half written when the kill comes. */
export const halfway: Shape = async (link, asks) => {
  await link.ask(asks.next());
  await link.answer();
  await link.leaveUnfinished(asks.unfinished());
  await link.stay();
};

/** The shapes that come to an end by themselves, each as often as it should be. */
export const endingShapes: readonly Shape[] = [
  ...[single, single, single, single],
  ...[long, long, deep, deep, deep, drain],
  ...[slow, torn, torn, deaf, broken],
];
