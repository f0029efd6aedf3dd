/**
 * How the cost of requests grows with the users that are registered.
 *
 * @module
 */

import type { RequestKind } from "../../../../shared/wire/requests.ts";
import type { RunPlan } from "../run.ts";
import { CONNECTIONS, CONTENT_SIZE, FRAMES, texts } from "../fixtures.ts";
import type { FramesPlan } from "../frames.ts";
import { seedDatabase } from "../seed.ts";
import { medians } from "../table.ts";
import type { Study } from "./growth.ts";

const SIZES = [100, 1000, 10_000, 100_000, 1_000_000];
/** More than can be registered in a run. */
const NEW_USERS = 80_000;

/** Rates of a send, a public key and a registration by registered users. */
export const users: Study = async (contestants, { rounds, seconds }) => {
  const template = contestants.template("users");
  const points: [number, Record<"sends" | "keys" | "registrations", number>][] =
    [];
  let present = 0;
  for (const size of SIZES) {
    seedDatabase(template, { users: size }, present);
    present = size;
    const rate = async (frames: FramesPlan, warmUp: RunPlan) => {
      const load = { connections: CONNECTIONS, frames };
      return (await contestants.measure(template, load, { seconds }, {
        warmUp,
      })).result.rate;
    };
    const plan = (kind: RequestKind, count: number) => ({
      kind,
      users: size,
      count,
    });
    // Ten seconds at most, in which the relay's caches take up the users.
    const known = { seconds: 10, count: Math.max(50_000, 2 * size) };
    points.push([
      size,
      await medians(rounds, async () => ({
        sends: await rate(texts(size), known),
        keys: await rate(
          { ...plan("publicKey", FRAMES), order: "random" },
          known,
        ),
        registrations: await rate(
          { ...plan("register", NEW_USERS), order: "once" },
          { seconds: 1 },
        ),
      })),
    ]);
  }
  const line = (label: string, of: keyof typeof points[0][1]) => ({
    label,
    points: points.map(([size, rates]) => [size, rates[of]] as const),
  });
  return [{
    name: "users",
    title: "Throughput by registered users",
    note:
      `${CONNECTIONS} connections, one request in flight on each; texts of ${CONTENT_SIZE} bytes. Requester and target are drawn among all users for each request.`,
    x: { label: "registered users", log: true },
    y: { label: "requests/s" },
    series: [
      line("durable sends", "sends"),
      line("public keys", "keys"),
      line("registrations", "registrations"),
    ],
  }];
};
