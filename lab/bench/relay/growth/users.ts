/**
 * How the cost of requests grows with the users that are registered.
 *
 * @module
 */

import type { LoadOn } from "../contestants.ts";
import { seedDatabase } from "../seed.ts";
import { spreadOf } from "../spread.ts";
import { CONNECTIONS, CONTENT_SIZE, FRAMES, texts } from "../texts.ts";
import { type Study, WARM_UP } from "./study.ts";

const SIZES = [100, 1000, 10_000, 100_000, 1_000_000];
/** More than can be registered in a run. */
const NEW_USERS = 80_000;

/** Seconds at most in which the relay gets to know those who are at work. */
const MOST_WARM_UP = 10;

/** Rates of a send, a public key and a registration by registered users. */
export const users: Study = {
  name: "users",
  async measure(contestants, { rounds, seconds }) {
    const points = { sends: [], keys: [], registrations: [] } as Record<
      "sends" | "keys" | "registrations",
      [number, number][]
    >;
    const template = contestants.template("users");
    let present = 0;
    for (const size of SIZES) {
      seedDatabase(template, { users: size }, present);
      present = size;
      const loads: Record<keyof typeof points, LoadOn["frames"]> = {
        sends: texts(size),
        keys: {
          kind: "publicKey",
          users: size,
          count: FRAMES,
          order: "random",
        },
        registrations: {
          kind: "register",
          users: size,
          count: NEW_USERS,
          order: "once",
        },
      };
      for (const name of ["sends", "keys", "registrations"] as const) {
        const rates: number[] = [];
        const load = { connections: CONNECTIONS, frames: loads[name] };
        for (let round = 0; round < rounds; round++) {
          const { rate } = await contestants.relay(
            template,
            (relay) =>
              contestants.load(relay, load, async (run) => {
                await run({ seconds: WARM_UP });
                // Nobody who registers is known before.
                if (name !== "registrations") {
                  await run({ seconds: MOST_WARM_UP, count: 2 * size });
                }
                return await run({ seconds });
              }),
          );
          rates.push(rate);
        }
        points[name].push([size, spreadOf(rates).median]);
      }
    }
    return [{
      name: "users",
      title: "Throughput by registered users",
      note:
        `${CONNECTIONS} connections, one request in flight on each; texts of ${CONTENT_SIZE} bytes. Everybody is at work: who asks, and of whom, is drawn anew for each request.`,
      x: { label: "registered users", log: true },
      y: { label: "requests/s" },
      series: [
        { label: "durable sends", points: points.sends },
        { label: "public keys", points: points.keys },
        { label: "registrations", points: points.registrations },
      ],
    }];
  },
};
