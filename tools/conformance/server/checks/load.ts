import { expectCode } from "../answer.ts";
import { CheckFailure, must, prepare, subject, Unprepared } from "../check.ts";
import { keyRequest, randomName, registration } from "../frames.ts";
import type { Channel } from "../channel.ts";
import type { Probe } from "../probe.ts";
import { arrives } from "./pulling.ts";

/** Connections at once. */
const CONNECTIONS = 100;
/** Answers' time-outs in which they are opened: a check has five of them. */
const OPENING = 2;
/** Connections one after the other. */
const IN_TURN = 30;
/** Clients that write to one inbox at once, and messages of each. */
const SENDERS = 20;
const EACH = 5;
/** Registrations under one name at once: servers limit how many there may be. */
const RIVALS = 4;

/** Checks of many clients at once. */
export const loadChecks = subject("load", [
  [
    "many-clients",
    "CON-5",
    `${CONNECTIONS} connections that are open together are all served`,
    async (probe) => {
      const [{ id }, { id: other }] = await probe.pair();
      const request = keyRequest(id, other);
      const opened: { channel: Channel; since: number }[] = [];
      const end = performance.now() + OPENING * probe.timeout;
      // Each is accepted before the next: how many may wait for that is no matter.
      while (opened.length < CONNECTIONS && performance.now() < end) {
        const channel = await probe.connect();
        const since = performance.now();
        await channel.send(request);
        expectCode(await channel.answer(), 2102);
        opened.push({ channel, since });
      }
      // That a connection goes on is for other checks.
      if (await probe.can("again")) await askAllAgain(probe, opened, request);
      if (opened.length < CONNECTIONS) {
        throw new Unprepared(
          `only ${opened.length} connections could be opened in ${
            OPENING * probe.timeout
          } ms, which were all served: --timeout gives more time`,
        );
      }
    },
  ],
  [
    "many-clients-in-turn",
    "CON-5",
    `${IN_TURN} connections, one after the other, are all served`,
    async (probe) => {
      const [{ id }, { id: other }] = await probe.pair();
      for (let count = 0; count < IN_TURN; count++) {
        expectCode(await probe.ask(keyRequest(id, other)), 2102);
      }
    },
  ],
  [
    "many-senders",
    "DLV-1",
    `Of ${
      SENDERS * EACH
    } messages from ${SENDERS} connections at once none is lost`,
    async (probe) => {
      const { to, ids } = await sendTogether(probe);
      await arrives(probe, to, ids.length);
    },
  ],
  [
    "many-senders-ids",
    "SND-13",
    `${
      SENDERS * EACH
    } messages from ${SENDERS} connections at once have ids that differ`,
    async (probe) => {
      const { ids } = await sendTogether(probe);
      const different = new Set(ids).size;
      must(different === ids.length, `${ids.length} ids`, `${different}`);
    },
  ],
  [
    "many-with-one-name",
    "NAM-5",
    `Of ${RIVALS} registrations under one name at once one is taken`,
    async (probe) => {
      const name = randomName();
      const answers = await Promise.all(
        Array.from(
          { length: RIVALS },
          () => probe.ask(registration(name)),
        ),
      );
      const taken = answers.filter(({ code }) => code === 2100).length;
      if (taken === 0) throw new Unprepared("none of them was taken");
      must(taken === 1, "one 2100", `${taken}`);
    },
  ],
]);

/** Asks at once on connections that are open together. */
async function askAllAgain(
  probe: Probe,
  opened: readonly { channel: Channel; since: number }[],
  request: Uint8Array,
): Promise<void> {
  const failures: CheckFailure[] = [];
  let longest = 0;
  await Promise.all(opened.map(async ({ channel, since }) => {
    try {
      await channel.send(request);
      expectCode(await channel.answer(), 2102);
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      failures.push(error);
      longest = Math.max(longest, performance.now() - since);
    }
  }));
  const [failure] = failures;
  if (failure === undefined) return;
  for (const { channel } of opened) channel.close();
  if (await bearsSilenceAlone(probe, request, longest)) throw failure;
}

/**
 * Whether a connection beside which there is no other goes on after so many
 * milliseconds of silence: a server that ends those does so however many there are.
 */
async function bearsSilenceAlone(
  probe: Probe,
  request: Uint8Array,
  ms: number,
): Promise<boolean> {
  const channel = await probe.connect();
  try {
    await channel.send(request);
    await channel.answer();
    await channel.quiet(ms);
    await channel.send(request);
    await channel.answer();
    return true;
  } catch (error) {
    if (error instanceof CheckFailure) return false;
    throw error;
  } finally {
    channel.close();
  }
}

/** Sends to one inbox over many connections at once. */
async function sendTogether(probe: Probe) {
  const [from, to] = await probe.pair();
  const ids = await prepare("send at once", () =>
    Promise.all(
      Array.from({ length: SENDERS }, async () => {
        const ids: number[] = [];
        for (let count = 0; count < EACH; count++) {
          ids.push(await probe.sends({ from: from.id, to: to.id }));
        }
        return ids;
      }),
    ));
  return { to, ids: ids.flat() };
}
