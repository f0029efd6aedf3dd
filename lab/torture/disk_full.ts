/**
 * A disk that fills up under a relay, and has room again: what clients see.
 *
 * @module
 */

import { Peer } from "../harness/peer.ts";
import { until } from "../harness/until.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { Contents } from "./contents.ts";
import { Random } from "../harness/random.ts";
import { must } from "./violation.ts";
import { PULL } from "../../kit/requests.ts";

/** Bytes of the messages that fill the disk, the last ones into its corners. */
const SIZES = [4096, 512, 32];
/** Messages or registrations after which a disk that isn't full yet is no small one. */
const MOST = 20_000;
/** Messages that are refused in a row before the disk counts as full. */
const REFUSED = 5;
/** Messages that are sent once there is room again. */
const AFTERWARDS = 20;

/** A relay on a disk that is small. */
export interface SmallDisk {
  readonly address: { hostname: string; port: number };
  /** Makes room; where taking messages makes enough of it, that is nothing. */
  makeRoom(): Promise<void>;
}

/** What the disk's owner can hold the relay's file against. */
export interface Outcome {
  /** Who has messages that wait. */
  recipient: ClientId;
  /** Their contents, in order; nothing else may wait. */
  waiting: Uint8Array[];
  /** Messages that were acknowledged before the disk was full. */
  filled: number;
  /** Requests that got a 9000 since it had no room. */
  refused: number;
}

/**
 * Fills the disk, takes what was acknowledged, makes room and goes on, all on
 * connections that stay open.
 *
 * @throws {Violation} where the relay loses something, repeats itself or gives up
 */
export async function fillAndRecover(disk: SmallDisk): Promise<Outcome> {
  using sender = await Peer.connect(disk.address);
  using taker = await Peer.connect(disk.address);
  const anna = await sender.register("anna");
  const ben = await sender.register("ben");
  const inbox = new FilledInbox(sender, ben, anna);

  for (const size of SIZES) await inbox.fill(size);
  const late = await refusedName(sender);
  const filled = inbox.waiting.length;
  must(filled > 0, () => "Expected room for a message, got none");

  // Who only reads is served, on new connections too.
  using reader = await Peer.connect(disk.address);
  const list = await reader.ask("clientsList", {}, ben);
  must(list.code === 2101, () => `Expected a list, got ${list.code}`);

  await inbox.takenBy(taker);
  await disk.makeRoom();
  await until("room again", () => inbox.send(SIZES[0]));
  await sender.register(late);
  await inbox.takenBy(taker);
  for (let i = 0; i < AFTERWARDS; i++) {
    must(await inbox.send(SIZES[0]), () => "Expected room, got 9000");
  }
  return {
    recipient: anna,
    waiting: inbox.waiting.map((message) => message.content),
    filled,
    refused: inbox.refused,
  };
}

/** An inbox, and what must wait in it. */
class FilledInbox {
  waiting: { id: number; content: Uint8Array }[] = [];
  refused = 0;
  readonly #contents = new Contents(new Random(1));
  readonly #sender: Peer;
  readonly #from: ClientId;
  readonly #to: ClientId;
  #lastId = 0;

  constructor(sender: Peer, from: ClientId, to: ClientId) {
    this.#sender = sender;
    this.#from = from;
    this.#to = to;
  }

  /** Sends until there is no room. */
  async fill(size: number): Promise<void> {
    let inARow = 0;
    for (let sent = 0; inARow < REFUSED; sent++) {
      must(sent < MOST, () => `Expected a full disk after ${MOST} messages`);
      inARow = await this.send(size) ? 0 : inARow + 1;
    }
  }

  /** @returns false where it got a 9000 */
  async send(size = 0): Promise<boolean> {
    const content = this.#contents.make(this.#contents.nextSerial(), size);
    const answer = await this.#sender.ask(
      "sendMessage",
      { target: this.#to, type: 3, content },
      this.#from,
    );
    if (answer.code === 9000) {
      this.refused++;
      return false;
    }
    must(answer.code === 2103, () => `Expected 2103, got ${answer.code}`);
    const { messageId: id } = answer.payload;
    must(
      id > this.#lastId,
      () => `Expected an id above ${this.#lastId}, got ${id}`,
    );
    this.#lastId = id;
    this.waiting.push({ id, content });
    return true;
  }

  /** Everything is handed out once, in order, and that comes to an end. */
  async takenBy(peer: Peer): Promise<void> {
    const due = this.waiting;
    this.waiting = [];
    for (let next = 0;;) {
      const answer = await peer.ask(PULL, {}, this.#to);
      must(answer.code === 2104, () => `Expected 2104, got ${answer.code}`);
      for (const { messageId, content } of answer.payload) {
        const expected = due[next++];
        const serial = this.#contents.serialOf(content);
        must(
          expected !== undefined && messageId === expected.id &&
            serial === this.#contents.serialOf(expected.content),
          () =>
            `Expected ${
              expected ? `message ${expected.id}` : "no more"
            } of ${due.length}, got message ${messageId}`,
        );
      }
      if (answer.payload.length > 0) continue;
      must(
        next === due.length,
        () => `Expected ${due.length} messages until it is empty, got ${next}`,
      );
      return;
    }
  }
}

/** Registers until there is no room; returns the name that was refused. */
async function refusedName(peer: Peer): Promise<string> {
  for (let i = 0; i < MOST; i++) {
    const name = `late${i}`;
    const payload = { name, publicKey: new Uint8Array(160) };
    const { code } = await peer.ask("register", payload);
    if (code === 9000) return name;
    must(code === 2100, () => `Expected 2100 or 9000, got ${code}`);
  }
  throw new Error(`Expected a full disk after ${MOST} registrations`);
}
