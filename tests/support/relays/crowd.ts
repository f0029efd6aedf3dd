/**
 * Senders and recipients that use any of several relays, and go on through
 * another one when theirs ends.
 *
 * @module
 */

import { assert } from "@std/assert";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import type { Ledger, OpenAnswers } from "./ledger.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { PULL } from "../../../kit/requests.ts";

/** Bytes of contents, about; of one in so many it is a large one. */
const SIZE = 300;
const LARGE = 1_200_000;
const LARGE_EVERY = 400;
/** Requests that a sender has under way. */
const IN_FLIGHT = 4;
/** Milliseconds until a recipient looks again, or a connection is tried again. */
const PAUSE = 5;

/** Where a relay listens. */
export interface Address {
  hostname: string;
  port: number;
}

/** Somebody with an inbox. */
export interface Member {
  name: string;
  id: ClientId;
}

/** People who write to each other. */
export class Crowd {
  readonly #addresses: readonly Address[];
  readonly #members: readonly Member[];
  readonly #ledger: Ledger;
  #sending = true;
  #pulling = true;
  #sent = 0;

  /** Nobody does anything yet. */
  constructor(
    addresses: readonly Address[],
    members: readonly Member[],
    ledger: Ledger,
  ) {
    this.#addresses = addresses;
    this.#members = members;
    this.#ledger = ledger;
  }

  /** Registers so many people. */
  static async gather(address: Address, count: number): Promise<Member[]> {
    using peer = await Peer.connect(address);
    const members: Member[] = [];
    for (let i = 0; i < count; i++) {
      const name = `member-${i}`;
      members.push({ name, id: await peer.register(name) });
    }
    return members;
  }

  /** Everybody sends and receives until they are told to stop. */
  async work(): Promise<void> {
    const pulling = Promise.all(
      this.#members.map((member) => this.#receive(member)),
    );
    await Promise.all(this.#members.map((member) => this.#send(member)));
    this.#pulling = false;
    await pulling;
  }

  /** Nobody sends any more; what is under way comes to its end. */
  stop(): void {
    this.#sending = false;
  }

  /** Everybody takes what is left. */
  async takeAll(): Promise<void> {
    const [address] = this.#addresses;
    if (address === undefined) return;
    for (const member of this.#members) {
      using peer = await Peer.connect(address);
      while (await this.#pull(peer, member, this.#open(member)) > 0);
    }
  }

  readonly #openAnswers = new Map<Member, OpenAnswers>();

  #open(member: Member): OpenAnswers {
    return this.#openAnswers.get(member) ?? [];
  }

  async #send(from: Member): Promise<void> {
    while (this.#sending) {
      await this.#onSomeRelay(async (peer) => {
        for (let turn = 0; turn < 10 && this.#sending; turn++) {
          const serials = await this.#write(peer, from);
          for (const serial of serials) {
            const answer = await peer.response();
            if (answer.code === 2103) {
              this.#ledger.keep(serial, answer.payload.messageId);
            } else {
              assert(answer.code === 9000, `a send got ${answer.code}`);
              this.#ledger.refuse(serial);
            }
          }
        }
      });
    }
  }

  async #write(peer: Peer, from: Member): Promise<number[]> {
    const serials: number[] = [];
    for (let i = 0; i < IN_FLIGHT; i++) {
      const to = this.#members[
        Math.floor(Math.random() * this.#members.length)
      ] as Member;
      const size = ++this.#sent % LARGE_EVERY === 0
        ? LARGE
        : Math.floor(Math.random() * 2 * SIZE);
      const { serial, content } = this.#ledger.send(to.name, size);
      serials.push(serial);
      await peer.write(
        encodeRequest("sendMessage", { target: to.id, type: 3, content }, {
          clientId: from.id,
        }),
      );
    }
    return serials;
  }

  async #receive(member: Member): Promise<void> {
    while (this.#pulling) {
      await this.#onSomeRelay(async (peer) => {
        for (let turn = 0; turn < 20 && this.#pulling; turn++) {
          const count = await this.#pull(peer, member, this.#open(member));
          if (count === 0) await pause();
        }
        // Until nothing is open: the end of a connection shows less.
        while (await this.#pull(peer, member, this.#open(member)) > 0);
      });
      // Nothing showed what became of these.
      this.#ledger.break(this.#open(member));
      this.#openAnswers.delete(member);
    }
  }

  /** Pulls once, which shows that the answer before was taken. */
  async #pull(peer: Peer, member: Member, open: OpenAnswers): Promise<number> {
    const answer = await peer.ask(PULL, {}, member.id);
    this.#ledger.take(open);
    this.#openAnswers.delete(member);
    if (answer.code !== 2104) {
      assert(answer.code === 9000, `a pull got ${answer.code}`);
      return 0;
    }
    const handed = this.#ledger.handOut(member.name, answer.payload);
    this.#openAnswers.set(member, handed);
    return handed.length;
  }

  /** A broken connection is what all of this is about; a broken promise isn't. */
  async #onSomeRelay(work: (peer: Peer) => Promise<void>): Promise<void> {
    const address = this.#addresses[
      Math.floor(Math.random() * this.#addresses.length)
    ] as Address;
    const peer = await Peer.connect(address).catch(() => undefined);
    if (peer === undefined) return await pause();
    try {
      await work(peer);
    } catch (error) {
      const isPromise = error instanceof FormatError ||
        error instanceof Error && error.name === "AssertionError";
      if (isPromise) {
        this.#sending = this.#pulling = false;
        throw error;
      }
    } finally {
      peer[Symbol.dispose]();
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE));
}
