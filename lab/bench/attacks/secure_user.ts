/**
 * What a user of the secure port waits for while the relay is under attack.
 *
 * @module
 */

import type { SecureIdentity } from "../../harness/secure/identity.ts";
import { SecurePeer } from "../../harness/secure/peer.ts";
import { inTime } from "../../../shared/cli/time.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import { drawUid, type Seq } from "../../../shared/secure/secure_protocol.ts";
import type { Waits } from "./user.ts";

/** Milliseconds after which a response isn't waited for. */
const PATIENCE = 10_000;
/** Bytes of what the user sends. */
const SIZE = 5 * 1024;

/** What the user does, in turn. */
export const secureWaits = ["connect", "send 5 KiB", "fetch"] as const;

/**
 * Connects, sends to itself and fetches, each time on a new connection, until
 * the time is up, and once at least.
 */
export async function workSecurely(
  line: RelayLine,
  identity: SecureIdentity,
  duration: number,
): Promise<Waits> {
  const waits: Waits = {};
  const timed = async <T>(
    name: typeof secureWaits[number],
    work: Promise<T>,
  ): Promise<T | undefined> => {
    const start = performance.now();
    const done = await inTime(work.catch(() => undefined), PATIENCE, undefined);
    const took = done === undefined ? Infinity : performance.now() - start;
    (waits[name] ??= []).push(took);
    return done;
  };
  const user = new User(identity);
  const end = performance.now() + duration;
  do {
    using peer = await timed(
      "connect",
      SecurePeer.authenticated(line, identity),
    );
    if (peer !== undefined) {
      await timed("send 5 KiB", user.send(peer));
      await timed("fetch", user.fetch(peer));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (performance.now() < end);
  return waits;
}

/** Writes to itself, and reads what others have written. */
class User {
  readonly #identity: SecureIdentity;
  #count = 0;
  #acknowledged = 0 as Seq;

  constructor(identity: SecureIdentity) {
    this.#identity = identity;
  }

  async send(peer: SecurePeer): Promise<unknown> {
    const { record, device } = this.#identity;
    return await peer.ask("send", {
      uid: drawUid(),
      count: ++this.#count,
      account: record.account,
      recordVersion: record.version,
      lifetime: 0,
      envelopes: [{ device, content: new Uint8Array(SIZE) }],
    });
  }

  async fetch(peer: SecurePeer): Promise<unknown> {
    const acknowledged = this.#acknowledged;
    const fetched = await peer.ask("fetch", {
      acknowledged,
      wait: 0,
      most: 64 * 1024,
    });
    this.#acknowledged = fetched.messages.at(-1)?.seq ?? acknowledged;
    return fetched;
  }
}
