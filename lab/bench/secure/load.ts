/**
 * Puts relays under load over their secure ports. As a program: `register`,
 * `open`, `close`, `sends`, `handshakes`, `wait` and `arrivals`.
 *
 * @module
 */

import {
  drawIdentity,
  type SecureIdentity,
} from "../../harness/secure/identity.ts";
import { SecurePeer } from "../../harness/secure/peer.ts";
import {
  parseRelayLine,
  type RelayLine,
} from "../../../shared/secure/relay_line.ts";
import { serveCommands, usage } from "../relay/child.ts";
import { type Handshakes, measureHandshakes } from "./handshakes.ts";
import { measureSends, type Sends } from "./sends.ts";
import { measureArrivals, Reader } from "./arrivals.ts";

/** Connections that register and open at a time. */
const AT_ONCE = 32;

/** Accounts and their connections. */
class SecureLoad {
  #lines: readonly RelayLine[] = [];
  readonly #members: SecureIdentity[] = [];
  #peers: SecurePeer[] = [];
  #readers: Reader[] = [];
  #sender: SecurePeer | undefined;

  /** Registers so many accounts, more than before. */
  async register(
    { lines, members }: { lines: readonly string[]; members: number },
  ): Promise<void> {
    this.#lines = lines.map(parseRelayLine);
    await each(AT_ONCE, members - this.#members.length, async (numbers) => {
      for (const _ of numbers) {
        // One each: the relay ends what doesn't authenticate within seconds.
        using peer = await SecurePeer.connect(this.#line(0));
        const identity = await drawIdentity(`member-${crypto.randomUUID()}`);
        await peer.register(identity);
        this.#members.push(identity);
      }
    });
  }

  /** Opens a connection of each of the first so many accounts, in turn to the relays. */
  async open({ connections }: { connections: number }): Promise<void> {
    this.close();
    const peers: SecurePeer[] = [];
    await each(AT_ONCE, connections, async (numbers) => {
      for (const index of numbers) {
        peers[index] = await this.#connect(index);
      }
    });
    this.#peers = peers;
  }

  /** Closes all connections. */
  close(): void {
    this.#readers.forEach((reader) => reader.stop());
    for (const peer of this.#peers) peer.close();
    this.#sender?.close();
    this.#sender = undefined;
    this.#peers = [];
    this.#readers = [];
  }

  /** Each open connection sends to any of these accounts, one in flight. */
  sends(plan: { seconds: number }): Promise<Sends> {
    const senders = this.#peers.map((peer, index) => ({
      peer,
      identity: this.#member(index),
    }));
    return measureSends(senders, plan, () => usage().cpu);
  }

  /** Connects, again and again. */
  handshakes(
    plan: { seconds: number; atOnce: number; authenticates: boolean },
  ): Promise<Handshakes> {
    return measureHandshakes(this.#line(0), this.#member(0), plan);
  }

  /** Each open connection waits for messages. */
  wait(): void {
    this.#readers = this.#peers.map((peer) => new Reader(peer));
  }

  /** Sends to one waiting account after the other, from a connection to the last relay. */
  async arrivals(plan: { messages: number }): Promise<number[]> {
    const index = this.#peers.length;
    this.#sender ??= await this.#connect(index, this.#lines.length - 1);
    const recipients = this.#readers
      .map((reader, index) => ({ reader, identity: this.#member(index) }))
      // From the other relay, where there are two.
      .filter((_, index) =>
        this.#lines.length < 2 || index % this.#lines.length === 0
      );
    const { device } = this.#member(index);
    return await measureArrivals(this.#sender, device, recipients, plan);
  }

  #connect(index: number, relay = index): Promise<SecurePeer> {
    return SecurePeer.authenticated(this.#line(relay), this.#member(index));
  }

  #line(index: number): RelayLine {
    const line = this.#lines[index % this.#lines.length];
    if (line === undefined) throw new Error("Expected register before");
    return line;
  }

  #member(index: number): SecureIdentity {
    const member = this.#members[index];
    if (member === undefined) throw new Error(`Expected an account ${index}`);
    return member;
  }
}

/** Has so many workers share out the numbers below a count. */
async function each(
  workers: number,
  count: number,
  work: (numbers: Iterable<number>) => Promise<void>,
): Promise<void> {
  const numbers = Array.from({ length: Math.max(0, count) }, (_, i) => i)
    .values();
  await Promise.all(Array.from({ length: workers }, () => work(numbers)));
}

const load = new SecureLoad();
await serveCommands({
  register: (plan) => load.register(plan as never),
  open: (plan) => load.open(plan as never),
  close: () => load.close(),
  sends: (plan) => load.sends(plan as never),
  handshakes: (plan) => load.handshakes(plan as never),
  wait: () => load.wait(),
  arrivals: (plan) => load.arrivals(plan as never),
});
load.close();
