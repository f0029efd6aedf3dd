/**
 * Rounds: start the relay, load it, kill it at a random moment, and look at
 * what is left. At the end the clients take everything, and nothing is left.
 *
 * @module
 */

import { Asks } from "./asks.ts";
import { Contents } from "./contents.ts";
import { Link } from "./link.ts";
import { runLoad } from "./load.ts";
import { People } from "./people.ts";
import { Random } from "../harness/random.ts";
import { checkRemains } from "./remains.ts";
import { Tally } from "./tally.ts";
import { Victim } from "./victim.ts";
import { must, Violation } from "./violation.ts";

/** Milliseconds that a relay is loaded at least. */
const SHORTEST = 200;
/** Acknowledged messages before which it isn't killed, and milliseconds that a slow machine gets for them. */
const LEAST_MESSAGES = 200;
const LONGEST = 60_000;

/** What a torture consists of. */
export interface TortureOptions {
  /** How often the relay is killed. */
  rounds: number;
  /** Seconds into a round at which the kill comes at the latest. */
  seconds: number;
  /** Connections that are open at once. */
  connections: number;
  /** Decides every choice, as far as time lets. */
  seed: number;
  /** An empty folder, where the relay's database lies. */
  dir: string;
}

/** One relay from its start to its end. */
export interface RoundReport extends Tally {
  /** Milliseconds from its first connection to its end. */
  lasted: number;
}

/**
 * Tortures a relay.
 *
 * @returns a report of each round, and of the last relay, which isn't killed
 * @throws {Violation} where it breaks a promise
 */
export async function* torture(
  options: TortureOptions,
): AsyncGenerator<RoundReport> {
  const random = new Random(options.seed);
  const people = new People(new Contents(random.fork()));
  for (let round = 0; round < options.rounds; round++) {
    yield await killedRound(options, people, random.fork());
  }
  yield await lastRound(options.dir, people, random.fork());
}

async function killedRound(
  { seconds, connections, dir }: TortureOptions,
  people: People,
  random: Random,
): Promise<RoundReport> {
  await using victim = await Victim.start(dir);
  const tally = new Tally();
  const start = performance.now();
  let inFlight = 0;
  const kill = () => {
    const isEarly = tally.messages < LEAST_MESSAGES &&
      performance.now() - start < LONGEST;
    if (isEarly) {
      timer = setTimeout(kill, SHORTEST / 10);
      return;
    }
    inFlight = tally.inFlight;
    victim.kill();
  };
  let timer = setTimeout(kill, random.between(SHORTEST, seconds * 1000));
  try {
    await runLoad(
      { target: victim, kill: () => victim.kill(), people, tally },
      connections,
      () => new Asks(people, tally, random.fork()),
    );
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const { stderr } = await victim.end();
    throw stderr === ""
      ? error
      : new Violation(`${error.message}. It printed: ${stderr.trim()}`);
  } finally {
    clearTimeout(timer);
  }
  const { stderr } = await victim.end();
  const lasted = performance.now() - start;
  must(stderr === "", () => `The relay complained: ${stderr.trim()}`);
  await checkRemains(dir, people, tally);
  return { ...tally, inFlight, lasted };
}

/** All clients take what waits; a relay that is stopped in good order leaves nothing. */
async function lastRound(
  dir: string,
  people: People,
  random: Random,
): Promise<RoundReport> {
  await using victim = await Victim.start(dir);
  const tally = new Tally();
  const start = performance.now();
  const asks = new Asks(people, tally, random);
  const link = await Link.open(victim, people, tally);
  try {
    await link.ask(asks.list());
    await link.response();
    for (const person of people.registered) {
      do await link.ask(asks.pull(person)); while (await link.response() > 0);
      must(
        person.inbox.open.size === 0,
        () => `${person.inbox.open.size} messages to ${person.name} are left`,
      );
    }
  } finally {
    link.close();
  }
  victim.stop();
  const { code, stderr } = await victim.end();
  const lasted = performance.now() - start;
  must(
    code === 0 && stderr === "",
    () => `Expected an orderly end, got code ${code}: ${stderr.trim()}`,
  );
  await checkRemains(dir, people, tally);
  return { ...tally, lasted };
}
