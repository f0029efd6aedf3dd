/**
 * How the cost of a message grows with what waits in its inbox already.
 *
 * @module
 */

import type { LoadOn } from "../contestants.ts";
import { spreadOf } from "../spread.ts";
import { CONNECTIONS } from "../texts.ts";
import type { Study } from "./study.ts";
import { PULL } from "../../../../kit/requests.ts";

const SIZES = [10, 100, 1000];
const USERS = 2000;
/** Users who have messages; the same number at each size, since each costs pages of its own. */
const INBOXES = 400;
/** Small enough that 1,000 of them go into one answer. */
const CONTENT_SIZE = 256;
/** Ten to each inbox: few beside what waits, at all sizes but the smallest. */
const SENDS = 10 * INBOXES;

/** Cost of a send to, and of a pull of, an inbox by what waits in it. */
export const inbox: Study = {
  name: "inbox",
  async measure(contestants, { rounds }) {
    const sends: [number, number][] = [];
    const pulls: [number, number][] = [];
    for (const waiting of SIZES) {
      const template = contestants.seed(`inbox-${waiting}`, {
        users: USERS,
        inboxes: INBOXES,
        waiting,
        contentSize: CONTENT_SIZE,
      });
      const plan = { users: USERS, contentSize: CONTENT_SIZE };
      const send: LoadOn = {
        connections: CONNECTIONS,
        frames: {
          ...plan,
          kind: "sendMessage",
          recipients: INBOXES,
          count: SENDS,
          order: "once",
        },
      };
      const pull: LoadOn = {
        connections: CONNECTIONS,
        frames: {
          ...plan,
          kind: PULL,
          waiting,
          count: INBOXES,
          order: "once",
        },
      };
      // Answers a second, on a relay that has done as much before.
      const rate = (load: LoadOn) =>
        contestants.relay(
          template,
          (relay) =>
            contestants.load(relay, load, async (run) => {
              await run({ count: load.frames.count / 4 });
              return (await run({})).rate;
            }),
        );
      const sent: number[] = [];
      const pulled: number[] = [];
      for (let round = 0; round < rounds; round++) {
        sent.push(1e6 / await rate(send));
        pulled.push(1e6 / waiting / await rate(pull));
      }
      sends.push([waiting, spreadOf(sent).median]);
      pulls.push([waiting, spreadOf(pulled).median]);
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
  },
};
