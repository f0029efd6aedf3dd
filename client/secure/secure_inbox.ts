/**
 * Brings the device's mail into the store (sections 5.9 and 6 of docs/secure.md).
 *
 * @module
 */

import type { Seq } from "../../shared/secure/secure_protocol.ts";
import type { SecureResponsePayloads } from "../../shared/secure/secure_requests.ts";
import { ConnectionError } from "../errors.ts";
import type { StoreDatabase } from "../store/database.ts";
import type { OwnAccount } from "./own_account.ts";
import type { Patience, SecureLink } from "./secure_link.ts";

/** Size in bytes of the messages that are fetched at once; one of them may be larger. */
const AT_ONCE = 1024 * 1024;

/** A message as the relay hands it out. */
type Mail = SecureResponsePayloads["fetch"]["messages"][number];

/** What a fetch brought. */
export interface Fetched {
  /** The messages that weren't in the store yet. */
  readonly messages: readonly Mail[];
  /** How many messages the relay handed out. */
  readonly handedOut: number;
  /** Whether the relay was put back to an earlier state (MBX-4). */
  readonly wentBack: boolean;
}

/** The mailbox of the folder's device. */
export class SecureInbox {
  readonly #database: StoreDatabase;
  readonly #own: OwnAccount;
  readonly #link: SecureLink;

  constructor(database: StoreDatabase, own: OwnAccount, link: SecureLink) {
    this.#database = database;
    this.#own = own;
    this.#link = link;
  }

  /**
   * Acknowledges what the fetch before brought, and fetches the next messages. They
   * are on the disk when this resolves.
   *
   * @param wait seconds to wait for a message, 50 at most. Default: 0
   * @throws {ConnectionError} if the relay hands out what it mustn't; nothing is
   * acknowledged
   */
  async fetch(wait = 0, patience?: Patience): Promise<Fetched> {
    const before = this.#own.row();
    const { lastSeq, messages } = await this.#link.request("fetch", {
      acknowledged: before.acknowledged,
      wait,
      most: AT_ONCE,
    }, patience);
    checkSeqs(before.acknowledged, lastSeq, messages);
    const wentBack = lastSeq < before.lastSeq;
    return this.#database.write(() => {
      const kept = messages.filter((mail) => this.#keep(mail));
      const start = wentBack ? 0 as Seq : before.acknowledged;
      const acknowledged = messages.at(-1)?.seq ?? start;
      this.#own.fetched(acknowledged, lastSeq);
      return { messages: kept, handedOut: messages.length, wentBack };
    });
  }

  /**
   * Fetches until no message waits; all are acknowledged then.
   *
   * @returns the number of messages that weren't in the store yet
   */
  async fetchAll(): Promise<number> {
    for (let count = 0;;) {
      const { messages, handedOut } = await this.fetch();
      count += messages.length;
      if (handedOut === 0) return count;
    }
  }

  /** Number of messages in the store. */
  count(): number {
    return this.#database.one<{ count: number }>(
      "SELECT count(*) AS count FROM secureMail",
    ).count;
  }

  /** Keeps a message; false if it is a repeat (BOX-6). */
  #keep({ account, device, uid, flags, arrived, content }: Mail): boolean {
    return this.#database.run(
      `INSERT INTO secureMail (account, device, uid, flags, arrived, content)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      account,
      device,
      uid,
      flags,
      arrived,
      content,
    ) === 1;
  }
}

/** @throws {ConnectionError} unless all messages are behind the acknowledged ones, and their seqs rise (MBX-2) */
function checkSeqs(
  acknowledged: Seq,
  lastSeq: Seq,
  messages: readonly Mail[],
): void {
  // A relay that went back in time hands out from the start (BOX-4).
  let before = acknowledged > lastSeq ? 0 : acknowledged;
  for (const { seq } of messages) {
    if (seq <= before) {
      throw new ConnectionError(
        `The relay handed out the message at position ${seq} of the mailbox behind ${before}`,
        "Nothing was acknowledged: tell the relay's operator",
      );
    }
    before = seq;
  }
}
