/** Many connections at once, until the relay is killed. */

import type { Asks } from "./asks.ts";
import { Cut, Link, type Target } from "./link.ts";
import type { People } from "./people.ts";
import { endingShapes, halfway, type Shape, single } from "./shapes.ts";
import type { Tally } from "./tally.ts";

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
  // Somebody has to be there before half a message to him can be.
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
