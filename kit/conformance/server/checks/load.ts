import { expectCode } from "../response.ts";
import { CheckFailure, must, prepare, subject, Unprepared } from "../check.ts";
import { randomName, registration } from "../frames.ts";
import type { Channel } from "../channel.ts";
import type { Probe, UsualRequest } from "../probe.ts";
import { arrives } from "./pulling.ts";

/** Number of open connections. */
const CONNECTIONS = 100;
/** Time-outs of a response in which they are opened: a check has five. */
const OPENING = 2;
/** Number of connections one after another. */
const IN_TURN = 30;
/** Number of connections that send to one inbox, and of messages of each. */
const SENDERS = 20;
const EACH = 5;
/** Number of registrations of one name: servers limit registrations. */
const RIVALS = 4;

/** Checks of many connections. */
export const loadChecks = subject("load", {
  "many-clients": [
    "CON-5",
    `${CONNECTIONS} open connections are all served`,
    async (probe) => {
      const usual = await probe.usual();
      const opened: Opened[] = [];
      const start = performance.now();
      const end = start + OPENING * probe.timeout;
      // Each is accepted before the next, so the backlog doesn't matter.
      while (opened.length < CONNECTIONS && performance.now() < end) {
        try {
          opened.push(await open(probe, usual));
        } catch (error) {
          if (!(error instanceof CheckFailure)) throw error;
          await blame(probe, usual, opened, {
            ...{ served: opened.length, of: opened.length + 1 },
            ...{ silence: 0, failure: error },
          });
        }
      }
      const each = (performance.now() - start) / opened.length;
      // Other checks judge whether a connection goes on.
      if (await probe.can("again")) {
        await askAllAgain(probe, usual, opened, each);
      }
      if (opened.length < CONNECTIONS) {
        throw new Unprepared(
          `only ${opened.length} connections could be opened in ${
            Math.round(OPENING * probe.timeout)
          } ms, which were all served: --timeout gives more time`,
        );
      }
    },
  ],
  "many-clients-in-turn": [
    "CON-5",
    `${IN_TURN} connections, one after the other, are all served`,
    async (probe) => {
      const usual = await probe.usual();
      for (let count = 0; count < IN_TURN; count++) await probe.served(usual);
    },
  ],
  "many-senders": [
    "DLV-1",
    `Of ${
      SENDERS * EACH
    } messages from ${SENDERS} connections at once none is lost`,
    async (probe) => {
      const { to } = await sendTogether(probe, false);
      await arrives(probe, to, SENDERS * EACH, true);
    },
  ],
  "many-senders-ids": [
    "SND-13",
    `${
      SENDERS * EACH
    } messages from ${SENDERS} connections at once have ids that differ`,
    async (probe) => {
      const { ids } = await sendTogether(probe, true);
      const different = new Set(ids).size;
      must(different === ids.length, `${ids.length} ids`, `${different}`);
    },
  ],
  "many-with-one-name": [
    "NAM-5",
    `Of ${RIVALS} registrations of one name at once one is accepted`,
    async (probe) => {
      const name = randomName();
      const responses = await Promise.all(
        Array.from(
          { length: RIVALS },
          () => probe.ask(registration(name)),
        ),
      );
      const taken = responses.filter(({ code }) => code === 2100).length;
      if (taken === 0) throw new Unprepared("none of them was taken");
      must(taken === 1, "one 2100", `${taken}`);
    },
  ],
});

/** A connection that got a response, and when. */
interface Opened {
  readonly channel: Channel;
  readonly since: number;
}

async function open(
  probe: Probe,
  { request, code }: UsualRequest,
): Promise<Opened> {
  const channel = await probe.connect();
  const since = performance.now();
  try {
    await channel.ask(request, code);
    return { channel, since };
  } catch (error) {
    channel.close();
    throw error;
  }
}

/**
 * Makes a request on all open connections at once.
 *
 * @param each milliseconds of one alone; a server that serves one at a time takes
 * that long for each
 */
async function askAllAgain(
  probe: Probe,
  usual: UsualRequest,
  opened: readonly Opened[],
  each: number,
): Promise<void> {
  const failures: CheckFailure[] = [];
  let silence = 0;
  await Promise.all(opened.map(async ({ channel, since }) => {
    try {
      await channel.send(usual.request);
      await channel.arrives(each * opened.length);
      expectCode(await channel.response(), usual.code);
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      failures.push(error);
      silence = Math.max(silence, performance.now() - since);
    }
  }));
  const [failure] = failures;
  if (failure === undefined) return;
  const of = opened.length;
  const served = of - failures.length;
  await blame(probe, usual, opened, { served, of, silence, failure });
}

/**
 * Fails the check if a connection alone gets a response.
 *
 * @throws {CheckFailure} with the number of connections that got one
 * @throws {Unprepared} if one alone gets none either
 */
async function blame(
  probe: Probe,
  usual: UsualRequest,
  opened: readonly Opened[],
  { served, of, silence, failure }: {
    served: number;
    of: number;
    silence: number;
    failure: CheckFailure;
  },
): Promise<never> {
  for (const { channel } of opened) channel.close();
  const got = `${served} of ${of} were served: ${failure.got}`;
  if (await isServedAlone(probe, usual, silence)) {
    throw new CheckFailure(`${CONNECTIONS} connections that are served`, got);
  }
  throw new Unprepared(`${got}; nor is one alone`);
}

/**
 * Whether a connection alone gets a response, also after `silence` milliseconds:
 * some servers end silent connections.
 */
async function isServedAlone(
  probe: Probe,
  usual: UsualRequest,
  silence: number,
): Promise<boolean> {
  try {
    const { channel } = await open(probe, usual);
    if (silence > 0) {
      await channel.quiet(silence);
      await channel.send(usual.request);
      await channel.response();
    }
    channel.close();
    return true;
  } catch (error) {
    if (error instanceof CheckFailure) return false;
    throw error;
  }
}

/** Sends to one inbox on many connections at once. */
async function sendTogether(probe: Probe, wantsIds: boolean) {
  const [from, to] = await probe.pair();
  const ids = await prepare("send at once", () =>
    Promise.all(
      Array.from({ length: SENDERS }, async () => {
        const ids: number[] = [];
        for (let count = 0; count < EACH; count++) {
          const sending = { from: from.id, to: to.id };
          if (wantsIds) ids.push(await probe.sendsForId(sending));
          else await probe.sends(sending);
        }
        return ids;
      }),
    ));
  return { to, ids: ids.flat() };
}
