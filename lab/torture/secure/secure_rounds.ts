/**
 * Rounds: start relays, have members send, read, publish and claim on them, kill
 * them at a random moment. At the end all mailboxes are emptied, and nothing
 * that was acknowledged may be missing.
 *
 * @module
 */

import { Random } from "../../harness/random.ts";
import { must } from "../violation.ts";
import { Clients } from "./clients.ts";
import { Community } from "./community.ts";
import { checkOutcomes, drain, sendPending } from "./roles.ts";
import { runSecureLoad, type Work } from "./secure_load.ts";
import { openSite, type Site, type SiteName } from "./sites.ts";
import { SecureTally } from "./secure_tally.ts";

/** Milliseconds that relays are loaded at least. */
const SHORTEST = 200;
/** Milliseconds that a slow machine gets for what a round must see. */
const LONGEST = 60_000;
/** Milliseconds between two looks at whether the kill is due. */
const LOOK = 20;
/** What a round must see before the kill. */
const LEAST_SENDS = 100;

/** What a torture consists of. */
export interface SecureTortureOptions {
  /** How often relays are killed. */
  rounds: number;
  /** Seconds into a round at which the kill comes at the latest. */
  seconds: number;
  /** Connections that are open at once. */
  connections: number;
  /** Decides every choice, as far as time lets. */
  seed: number;
  /** What keeps the relays' data. */
  store: SiteName;
  /** What the load does. Default: all. */
  work?: Work;
  /** An empty folder, where the relays' files lie. */
  dir: string;
}

/** Relays from their start to their end. */
export interface SecureReport extends SecureTally {
  /** Milliseconds from the first connection to the end. */
  lasted: number;
}

/** Clients in processes of their own, which are killed, too. */
const CLIENTS = 4;
/** Of `claims`, members that publish beside. */
const PUBLISHERS = 16;

/**
 * Tortures relays.
 *
 * @returns a report of each round, and of the last, which ends in good order
 * @throws {Violation} where they break a promise
 */
export async function* tortureSecurely(
  options: SecureTortureOptions,
): AsyncGenerator<SecureReport> {
  const random = new Random(options.seed);
  const community = new Community(random.fork());
  await using site = await openSite(options.store, options.dir);
  const { work = "all", connections } = options;
  const members = work === "claims" ? PUBLISHERS : connections / 4;
  for (let index = 0; index < members; index++) await community.join();
  const folder = `${options.dir}/clients`;
  await Deno.mkdir(folder);
  await using clients = new Clients(folder, work === "all" ? CLIENTS : 0);
  for (let round = 0; round < options.rounds; round++) {
    yield await killedRound(options, site, community, clients, random.fork());
  }
  yield await lastRound(site, community, clients, random.fork());
}

async function killedRound(
  { seconds, connections, work = "all" }: SecureTortureOptions,
  site: Site,
  community: Community,
  clients: Clients,
  random: Random,
): Promise<SecureReport> {
  const tally = new SecureTally();
  const victims = await site.start();
  await using stack = new AsyncDisposableStack();
  for (const victim of victims) stack.use(victim);
  await clients.show(victims.map(({ line }) => line));
  const killAll = () => victims.forEach((victim) => victim.kill());
  const start = performance.now();
  const end = start + random.between(SHORTEST, seconds * 1000);
  const isDue = () => {
    const now = performance.now();
    const isEarly = tally.sends < LEAST_SENDS && work === "all" &&
      now - start < LONGEST;
    return now >= end && !isEarly;
  };
  const timer = setInterval(() => isDue() && killAll(), LOOK);
  try {
    await Promise.all([
      runSecureLoad(victims, community, tally, random, { connections, work }),
      clients.killOne(random.between(0, end - start), random),
    ]);
  } finally {
    clearInterval(timer);
    killAll();
  }
  const complaints = await Promise.all(victims.map((victim) => victim.end()));
  const lasted = performance.now() - start;
  must(
    complaints.every((text) => text === ""),
    () => `A relay complained: ${complaints.join("").trim()}`,
  );
  return { ...tally, lasted };
}

/** What has no response is sent again, and all mailboxes are emptied. */
async function lastRound(
  site: Site,
  community: Community,
  clients: Clients,
  random: Random,
): Promise<SecureReport> {
  const tally = new SecureTally();
  const part = { community, tally, random };
  const victims = await site.start();
  await using stack = new AsyncDisposableStack();
  for (const victim of victims) stack.use(victim);
  await clients.show(victims.map(({ line }) => line));
  const start = performance.now();
  const stores = await clients.finish();
  tally.clientSends = stores.flatMap(({ sendings }) => sendings).length;
  tally.clientKills = clients.kills;
  for (const member of community.members) {
    using peer = await member.connect(random.pick(victims).line);
    await sendPending(peer, member, part);
  }
  for (const member of community.members) {
    using peer = await member.connect(random.pick(victims).line);
    await drain(peer, member, part);
    must(
      member.mailbox.unseen === 0,
      () => `${member.mailbox.unseen} messages are lost`,
    );
  }
  for (const member of community.members) {
    using peer = await member.connect(random.pick(victims).line);
    await checkOutcomes(peer, member, part);
  }
  const ends = await Promise.all(victims.map((victim) => victim.stop()));
  must(
    ends.every(({ code, stderr }) => code === 0 && stderr === ""),
    () => `Expected an orderly end, got ${JSON.stringify(ends)}`,
  );
  return { ...tally, lasted: performance.now() - start };
}
