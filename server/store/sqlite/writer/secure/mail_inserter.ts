import type { Database } from "@db/sqlite";
import type { Seq } from "../../../../../shared/secure/secure_protocol.ts";
import { PART_SIZE } from "../../../store_rows.ts";
import type { TakeContent } from "../store_command.ts";

/** A message to insert into mailboxes. */
export interface NewMail {
  uid: Uint8Array;
  account: Uint8Array;
  fromDevice: Uint8Array;
  flags: number;
  /** Milliseconds since 1970. */
  arrived: number;
  /** Milliseconds since 1970; 0 for a legacy message. */
  expires: number;
}

/** A position in a mailbox. */
export interface Position {
  device: Uint8Array;
  seq: Seq;
}

/** Inserts mail, a large content in parts. */
export class MailInserter {
  readonly #mail;
  readonly #part;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#mail = database.prepare(
      `INSERT INTO mail
        (Device, Seq, Uid, Account, FromDevice, Flags, Arrived, Expires, Content, Rest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#part = database.prepare(
      "INSERT INTO mail_parts (Device, Seq, Part, Content) VALUES (?, ?, ?, ?)",
    );
  }

  /**
   * Inserts one message into mailboxes.
   *
   * @param size bytes of content to take
   * @param head what stands in front of them
   */
  insert(
    positions: readonly Position[],
    { uid, account, fromDevice, flags, arrived, expires }: NewMail,
    size: number,
    take: TakeContent,
    head?: Uint8Array,
  ): void {
    const first = Math.min(size, PART_SIZE);
    const rest = size - first;
    const content = head === undefined ? take(first) : join(head, take(first));
    for (const { device, seq } of positions) {
      this.#mail.run(
        device,
        seq,
        uid,
        account,
        fromDevice,
        flags,
        arrived,
        expires,
        content,
        rest,
      );
    }
    for (let at = first, part = 1; at < size; at += PART_SIZE, part++) {
      const piece = take(Math.min(PART_SIZE, size - at));
      for (const { device, seq } of positions) {
        this.#part.run(device, seq, part, piece);
      }
    }
  }
}

function join(head: Uint8Array, content: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + content.length);
  joined.set(head);
  joined.set(content, head.length);
  return joined;
}
