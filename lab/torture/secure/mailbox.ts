/**
 * One device's mailbox: what must, may and must not come out of it, by what its
 * senders and its reader were told.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type {
  DeviceId,
  Seq,
  Uid,
} from "../../../shared/secure/secure_protocol.ts";
import type { SecureResponsePayloads } from "../../../shared/secure/secure_requests.ts";
import type { Contents } from "../contents.ts";
import { must } from "../violation.ts";

/** A sending as the load knows it. */
export interface Sending {
  /** In its content, and in no other's. */
  readonly serial: number;
  /** Its uid. */
  readonly uid: Uid;
  /** The sender's device. */
  readonly from: DeviceId;
  /** Whose mailbox it belongs to. */
  readonly mailbox: Mailbox;
  /** The moment of the model at which the relay acknowledged it; undefined before. */
  keptAt: number | undefined;
  /** Where it stands in the mailbox, once it was handed out. */
  seq: Seq | undefined;
}

/** A message as a fetch hands it out. */
type Message = SecureResponsePayloads["fetch"]["messages"][number];

/** A fetch as it was asked. */
export interface AskedFetch {
  /** What it acknowledged. */
  readonly acknowledged: number;
  /** The moment of the model at which it was written. */
  readonly at: number;
}

/** A mailbox, and what its reader has on disk. */
export class Mailbox {
  /** Highest position that the reader has on disk. */
  saved = 0;
  /** Messages that were handed out more than once, before an acknowledgement. */
  repeats = 0;
  readonly #owner: string;
  readonly #sendings = new Map<number, Sending>();
  readonly #waiting = new Map<number, Sending>();
  readonly #unseen = new Set<Sending>();
  #confirmed = 0;
  #lastSeq = 0;

  /** @param owner for the sentences */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Messages that were acknowledged and never handed out. */
  get unseen(): number {
    return this.#unseen.size;
  }

  /** A sending goes out to this mailbox. */
  add(sending: Sending): void {
    this.#sendings.set(sending.serial, sending);
  }

  /**
   * The relay acknowledged a sending.
   *
   * @param wasTaken whether it says that it had taken it before
   * @param hadSeq whether it had been handed out as the request was written
   */
  acknowledge(
    sending: Sending,
    wasTaken: boolean,
    hadSeq: boolean,
    now: number,
  ): void {
    must(
      wasTaken || !hadSeq,
      () => `${this.#name(sending)} was handed out, and then taken anew`,
    );
    if (sending.keptAt !== undefined) return;
    sending.keptAt = now;
    if (sending.seq === undefined) this.#unseen.add(sending);
  }

  /**
   * A fetch was answered: what it acknowledged may not come again, and what
   * had to be there is there.
   *
   * @returns the highest position that came
   */
  received(
    { acknowledged, at }: AskedFetch,
    { lastSeq, messages }: SecureResponsePayloads["fetch"],
    contents: Contents,
  ): number {
    must(
      lastSeq >= this.#lastSeq,
      () =>
        `The mailbox of ${this.#owner} went back from ${this.#lastSeq} to ${lastSeq}`,
    );
    this.#lastSeq = lastSeq;
    this.#confirm(acknowledged);
    let before = acknowledged;
    const seen = new Set<number>();
    for (const message of messages) {
      must(
        message.seq > before && message.seq <= lastSeq,
        () =>
          `The mailbox of ${this.#owner} handed out ${message.seq} behind ${before} of ${lastSeq}`,
      );
      before = message.seq;
      seen.add(message.seq);
      this.#take(message, contents);
    }
    for (const [seq, sending] of this.#waiting) {
      must(
        seq <= acknowledged || seq > before || seen.has(seq),
        () =>
          `${this.#name(sending)} waits, but a fetch passed it by: it is lost`,
      );
    }
    if (messages.length === 0) this.#checkEmpty(at);
    return before;
  }

  #confirm(acknowledged: number): void {
    this.#confirmed = Math.max(this.#confirmed, acknowledged);
    for (const seq of this.#waiting.keys()) {
      if (seq <= acknowledged) this.#waiting.delete(seq);
    }
  }

  /** Nothing waits behind what was acknowledged. */
  #checkEmpty(askedAt: number): void {
    for (const sending of this.#unseen) {
      must(
        (sending.keptAt ?? Infinity) >= askedAt,
        () => `${this.#name(sending)} was acknowledged, and is lost`,
      );
    }
    for (const sending of this.#waiting.values()) {
      must(false, () => `${this.#name(sending)} was there, and is lost`);
    }
  }

  #take(message: Message, contents: Contents): void {
    const { seq, uid, device, flags, content } = message;
    const serial = contents.serialOf(content);
    const sending = serial === undefined
      ? undefined
      : this.#sendings.get(serial);
    must(
      sending !== undefined,
      () =>
        `Message ${seq} of ${this.#owner}, ${content.length} bytes, is damaged or another's`,
    );
    must(
      equals(uid, sending.uid) && equals(device, sending.from) && flags === 0,
      () =>
        `${this.#name(sending)} came with another uid, sender or with flags`,
    );
    must(
      sending.seq === undefined || sending.seq === seq,
      () => `${this.#name(sending)} came as ${sending.seq} and again as ${seq}`,
    );
    must(
      seq > this.#confirmed,
      () => `${this.#name(sending)} came again after its acknowledgement`,
    );
    if (sending.seq === seq) this.repeats++;
    sending.seq = seq;
    this.#unseen.delete(sending);
    this.#waiting.set(seq, sending);
  }

  #name({ serial }: Sending): string {
    return `Message ${serial} to ${this.#owner}`;
  }
}
