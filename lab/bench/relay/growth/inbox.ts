/**
 * How the cost of a message grows with what waits in its inbox already.
 *
 * @module
 */

import { PULL } from "../../../../kit/requests.ts";
import type { LoadOn } from "../contestants.ts";
import { CONNECTIONS } from "../fixtures.ts";
import { medians } from "../table.ts";
import type { Study } from "./growth.ts";

const SIZES = [10, 100, 1000];
const USERS = 2000;
/** Users who have messages: as many at each size, since each costs pages of its own. */
const INBOXES = 400;
/** Small enough that 1,000 of them go into one response. */
const CONTENT_SIZE = 256;
/** Ten to each inbox: few beside what waits, at all sizes but the smallest. */
const SENDS = 10 * INBOXES;

/** Cost of a send to, and of a pull of, an inbox by what waits in it. */
export const inbox: Study = async (contestants, { rounds }) => {
  const sends: [number, number][] = [];
  const pulls: [number, number][] = [];
  const plan = {
    users: USERS,
    contentSize: CONTENT_SIZE,
    order: "once",
  } as const;
  for (const waiting of SIZES) {
    const template = contestants.seed(`inbox-${waiting}`, {
      users: USERS,
      inboxes: INBOXES,
      waiting,
      contentSize: CONTENT_SIZE,
    });
    // Responses a second, on a relay that has done as much before.
    const rate = async (frames: LoadOn["frames"]) => {
      const load = { connections: CONNECTIONS, frames };
      const warmUp = { count: frames.count / 4 };
      return (await contestants.measure(template, load, {}, { warmUp })).result
        .rate;
    };
    const { send, pull } = await medians(rounds, async () => ({
      send: 1e6 / await rate({
        ...plan,
        kind: "sendMessage",
        recipients: INBOXES,
        count: SENDS,
      }),
      pull: 1e6 / waiting /
        await rate({ ...plan, kind: PULL, waiting, count: INBOXES }),
    }));
    sends.push([waiting, send]);
    pulls.push([waiting, pull]);
  }
  return [{
    name: "inbox",
    title: "Cost of a message by what waits in its inbox",
    note:
      `${CONNECTIONS} connections, one request in flight on each; texts of ${CONTENT_SIZE} bytes; deletion included.`,
    x: { label: "messages waiting in the inbox", log: true },
    y: { label: "µs a message" },
    series: [
      { label: "a send to it", points: sends },
      { label: "a pull of all, per message", points: pulls },
    ],
  }];
};
