/**
 * One connection of the load: what it asked and wasn't answered yet, and what
 * its answers and its end mean for the messages that it was handed.
 *
 * @module
 */

import { Peer } from "../harness/peer.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import {
  PROTOCOL_VERSION,
  RESPONSE_HEADER_SIZE,
} from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Ask } from "./asks.ts";
import type { Inbox, Tracked } from "./inbox.ts";
import type { People } from "./people.ts";
import type { Tally } from "./tally.ts";
import { must, Violation } from "./violation.ts";

/** Milliseconds that closing a connection takes where its reset may come late. */
const SLOW_CLOSE = 25;

/** The relay that a round runs against. */
export interface Target {
  readonly address: { hostname: string; port: number };
  /** Whether it was killed: from then on connections may break. */
  readonly killed: boolean;
}

/** The connection broke as it may: mostly since the relay was killed. */
export class Cut extends Error {
  override name = "Cut";
}

interface Pending {
  ask: Ask;
  /** Milliseconds since 1970. */
  sentAt: number;
  /** Messages of which this request shows that they were taken. */
  shows: readonly Tracked[];
}

/** A connection. */
export class Link {
  readonly #peer: Peer;
  readonly #target: Target;
  readonly #people: People;
  readonly #tally: Tally;
  readonly #order = new Map<Inbox, number>();
  readonly #pending: Pending[] = [];
  /** Messages that the last answers handed out. */
  #handed: Tracked[] = [];
  #unfinished = 0;
  #closed = false;

  private constructor(
    peer: Peer,
    target: Target,
    people: People,
    tally: Tally,
  ) {
    this.#peer = peer;
    this.#target = target;
    this.#people = people;
    this.#tally = tally;
    tally.connections++;
  }

  /** @throws {Cut} where the relay was killed */
  static async open(
    target: Target,
    people: People,
    tally: Tally,
  ): Promise<Link> {
    const peer = await alive(target, () => Peer.connect(target.address));
    return new Link(peer, target, people, tally);
  }

  /** How many answers are due. */
  get due(): number {
    return this.#pending.length;
  }

  /** Whether the next request must wait until an answer has been read. */
  get pulling(): boolean {
    return this.#pending.at(-1)?.ask.pulls ?? false;
  }

  /** Writes a request, whole and at once or as `write` does it. */
  async ask(
    ask: Ask,
    write: (bytes: Uint8Array) => Promise<void> = (bytes) => this.write(bytes),
  ): Promise<void> {
    this.#pending.push({ ask, sentAt: Date.now(), shows: this.#show() });
    this.#tally.inFlight++;
    await write(ask.bytes);
  }

  /** Writes some bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    // Whatever follows an answer may show that it was taken.
    this.#show();
    await alive(this.#target, () => this.#peer.write(bytes));
  }

  /**
   * Reads the next answer and checks it.
   *
   * @returns how many messages it handed out
   * @throws {Cut} where the relay was killed
   */
  async response(): Promise<number> {
    const due = this.#pending[0]?.ask;
    const answer = await alive(this.#target, async () => {
      if (await this.#peer.source.has(1)) return await this.#peer.response();
      throw new Error("the relay ended it");
    }, () => due?.mayBreak?.() ?? false);
    const pending = this.#pending.shift();
    must(pending !== undefined, () => "A response came without a request");
    this.#tally.inFlight--;
    must(
      answer.version === PROTOCOL_VERSION,
      () => `Expected answers of version 2, got ${answer.version}`,
    );
    pending.ask.by?.seen.push({ sent: pending.sentAt, answered: Date.now() });
    if (answer.code === 2103) this.#people.wrote(pending.sentAt);
    for (const message of pending.shows) {
      if (message.fate === "kept") this.#tally.taken++;
      message.inbox.forget(message, this.#people.tick());
    }
    const handed = pending.ask.answered(answer, this.#order);
    this.#handed.push(...handed);
    return handed.length;
  }

  /** Writes a part of a request whose rest never comes. */
  async leaveUnfinished(bytes: Uint8Array): Promise<void> {
    this.#unfinished++;
    this.#tally.inFlight++;
    await this.write(bytes);
  }

  /**
   * Reads a few bytes of an answer, fewer than any has: closing then makes a
   * reset. Nothing can be read from the connection afterwards.
   */
  async glimpse(): Promise<void> {
    await alive(
      this.#target,
      () => this.#peer.conn.read(new Uint8Array(RESPONSE_HEADER_SIZE - 2)),
    );
  }

  /** Waits for the kill, which ends the connection. */
  async stay(): Promise<void> {
    await alive(this.#target, async () => {
      await this.#peer.source.has(1);
      throw new Error("the relay ended it, or answered half a request");
    });
  }

  /** Closes in good order: what was handed out last counts as taken. */
  close(): void {
    this.#show();
    this.abandon();
  }

  /** Closes without a word; bytes that weren't read make it a reset. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    const left = this.#pending.length + this.#unfinished;
    this.#tally.inFlight -= left;
    if (left > 0) this.#tally.resets++;
    const began = performance.now();
    this.#peer.conn.close();
    // The end goes out before the reset. A relay can't tell one that comes long
    // before it, on a busy machine, from an orderly end.
    if (performance.now() - began < SLOW_CLOSE) return;
    for (const { ask } of this.#pending) {
      if (!ask.pulls) continue;
      for (const message of ask.by?.inbox.open ?? []) message.mayBeGone = true;
    }
  }

  #show(): readonly Tracked[] {
    const handed = this.#handed;
    this.#handed = [];
    for (const message of handed) message.mayBeGone = true;
    return handed;
  }
}

/** Hardly anything but the kill may break a connection. */
async function alive<T>(
  target: Target,
  work: () => Promise<T>,
  mayBreak: () => boolean = () => false,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FormatError) {
      throw new Violation(`An answer has no form: ${cause.message}`, { cause });
    }
    if (target.killed || mayBreak()) {
      throw new Cut("A connection broke", { cause });
    }
    throw new Violation(
      `A connection broke before the relay was killed: ${reasonOf(cause)}`,
      { cause },
    );
  }
}
