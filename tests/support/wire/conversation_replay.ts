/**
 * Says again to a relay what clients said in a conversation, and holds its
 * answers against those that were given then.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { decodeHex } from "@std/encoding";
import { isDeepStrictEqual } from "node:util";
import { dialectNamed, paddingBehind } from "../../../shared/wire/dialects.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import type {
  ConversationVector,
  FrameMeaning,
  Step,
} from "../../../lab/vectors/vector.ts";
import { throughCodec } from "./frame_codec.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import type { TestRelay } from "../../../lab/harness/resources.ts";

/** How a conversation went with another relay. */
export class Replay implements Disposable {
  readonly #relay: TestRelay;
  readonly #vector: ConversationVector;
  readonly #peers = new Map<number, Peer>();
  /** Requests whose answers are due, by their connections. */
  readonly #due = new Map<number, number>();
  /** Ids that this relay drew, by those that were given then. */
  readonly #ids = new Map<string, string>();

  /** Nothing is said yet. */
  constructor(relay: TestRelay, vector: ConversationVector) {
    this.#relay = relay;
    this.#vector = vector;
  }

  /** Says all of it; returns the numbers of the steps that are answered otherwise. */
  async differences(): Promise<number[]> {
    const { people, steps } = this.#vector;
    for (const { name, clientId, publicKey, registered } of people) {
      if (!registered) continue;
      const id = decodeHex(clientId) as ClientId;
      const client = { id, name, publicKey: decodeHex(publicKey) };
      await this.#relay.store.register(client, new Date());
    }
    const different: number[] = [];
    for (const [number, step] of steps.entries()) {
      const isSame = step.direction === "request"
        ? await this.#ask(step)
        : await this.#isAnswered(step);
      if (!isSame) different.push(number);
      const isLast = !steps.slice(number + 1)
        .some(({ connection }) => connection === step.connection);
      if (isLast) await this.#end(step.connection);
    }
    return different;
  }

  [Symbol.dispose](): void {
    for (const peer of this.#peers.values()) peer[Symbol.dispose]();
  }

  async #ask({ connection, bytes }: Step): Promise<true> {
    const peer = this.#peers.get(connection) ??
      await Peer.connect(this.#relay.address);
    this.#peers.set(connection, peer);
    this.#due.set(connection, (this.#due.get(connection) ?? 0) + 1);
    await peer.write(decodeHex(this.#rename(bytes)));
    return true;
  }

  async #isAnswered(step: Step): Promise<boolean> {
    const { connection } = step;
    const peer = this.#peers.get(connection);
    const due = this.#due.get(connection) ?? 0;
    if (peer === undefined || due === 0) return false;
    this.#due.set(connection, due - 1);
    const now = await answerOn(peer, step);
    if (now === undefined) return false;
    const then = this.#translated(step.meaning, now);
    return isDeepStrictEqual(now, then);
  }

  /** What was answered then, with the ids that this relay drew. */
  #translated(then: FrameMeaning, now: FrameMeaning): FrameMeaning {
    const { kind } = then;
    if (kind === "register" && now.kind === kind) {
      const [theirs, ours] = [then, now].map(({ payload }) =>
        `${payload?.[0]?.["clientId"]}`
      ) as [string, string];
      if (!this.#ids.has(theirs)) this.#ids.set(theirs, ours);
    }
    return JSON.parse(this.#rename(JSON.stringify(then)));
  }

  #rename(text: string): string {
    return this.#ids.entries().reduce(
      (text, [theirs, ours]) => text.replaceAll(theirs, ours),
      text,
    );
  }

  /** Ends a connection in good order, and waits until the relay has seen it. */
  async #end(connection: number): Promise<void> {
    const peer = this.#peers.get(connection);
    if (peer === undefined) return;
    await peer.conn.closeWrite();
    while (await peer.source.has(1)) await peer.source.take(1);
    peer[Symbol.dispose]();
    this.#peers.delete(connection);
  }
}

/** What the next answer says; undefined where it has no such form, or is none. */
async function answerOn(
  peer: Peer,
  { direction, dialect }: Step,
): Promise<FrameMeaning | undefined> {
  const answer = await peer.responseBytes();
  if (answer === null) return undefined;
  const size = paddingBehind(answer.length, dialectNamed(dialect));
  const padding = await peer.source.take(size);
  try {
    const whole = concat([answer, padding ?? new Uint8Array()]);
    return throughCodec(whole, direction, dialect).meaning;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
