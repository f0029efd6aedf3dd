import { encodeHex } from "@std/encoding";
import type { MessageId } from "../../shared/wire/protocol.ts";
import type { MessageKind, MessageNumber } from "./message.ts";
import type { ContactRow } from "./contact_table.ts";
import type { StoreDatabase } from "./database.ts";
import { bytesOf, type Messages } from "./messages.ts";

/** A received message, opened. */
export interface Received {
  /** The sender's row. */
  contact: ContactRow;
  /** Identifies it among repeats: 32 bytes of its sender, id and content. */
  seen: Uint8Array;
  relayMessageId: MessageId;
  kind: MessageKind;
  text?: string | undefined;
  path?: string | undefined;
  size: number;
  doubtful: boolean;
  /** When it arrived and when it was decrypted, in milliseconds since 1970. */
  received: number;
  decrypted: number | undefined;
  /** When the user saw it, if before it was stored. */
  shown?: number | undefined;
}

/** Size of {@linkcode Received.seen} in bytes. */
export const SEEN_SIZE = 32;

/** How to look up a received message. */
export interface SeenOptions {
  /** Whether it comes from the journal. Default: false, it has just arrived. */
  isKept?: boolean | undefined;
}

/**
 * Received messages. One with the sender, id and content of an earlier message is
 * a repeat while the relay may deliver the earlier one again, and a new message
 * once the relay has deleted it: servers restart their ids, and relays are
 * restored from copies.
 */
export class Incoming {
  readonly #database: StoreDatabase;
  readonly #messages: Messages;

  constructor(database: StoreDatabase, messages: Messages) {
    this.#database = database;
    this.#messages = messages;
  }

  /** Whether a message was received before, and whether it was opened; undefined where it is new. */
  seen(
    seen: Uint8Array,
    options: SeenOptions = {},
  ): "opened" | "unreadable" | undefined {
    const rows = this.#find(seen, options);
    if (rows.length === 0) {
      return this.#isForgotten(seen) ? "opened" : undefined;
    }
    return rows.some(({ open }) => open === 1) ? "unreadable" : "opened";
  }

  /**
   * Stores a received message. It replaces each equal message that couldn't be
   * opened.
   *
   * @returns the number of stored messages; 0 for a repeat
   */
  add(message: Received, options: SeenOptions = {}): number {
    return this.#database.write(() => {
      const before = this.#find(message.seen, options);
      if (before.length === 0) {
        if (this.#isForgotten(message.seen)) return 0;
        this.#insert(message, message.seen);
        return 1;
      }
      if (message.kind === "unreadable" || message.doubtful) return 0;
      const opened = before.filter(({ open }) => open === 1);
      for (const { id, seen } of opened) {
        this.#database.run("DELETE FROM messages WHERE id = ?", id);
        this.#insert(message, mayComeAgain(seen) ? seen : undefined);
      }
      return opened.length;
    });
  }

  /** Records a message that isn't kept, so that a repeat of it isn't new. */
  forget(seen: Uint8Array): void {
    this.#database.run(
      "INSERT INTO forgotten (seen) VALUES (?) ON CONFLICT DO NOTHING",
      seen,
    );
  }

  #isForgotten(seen: Uint8Array): boolean {
    return this.#database.row(
      "SELECT 1 FROM forgotten WHERE seen = ?",
      seen,
    ) !== undefined;
  }

  /**
   * Records that the relay has deleted the delivered messages: an equal message is
   * new from now on.
   *
   * @param repeated the messages that the relay still repeats, in hex
   * @param kept the messages that will be processed again, in hex
   */
  settle(repeated: ReadonlySet<string>, kept: ReadonlySet<string>): void {
    const rows = this.#database.rows<SeenRow>(
      `SELECT id, seen, ${OPEN} AS open FROM messages
       WHERE seen > x'' AND (length(seen) = ${SEEN_SIZE} OR NOT ${OPEN})`,
    ).map((row) => ({ ...row, key: encodeHex(row.seen.slice(0, SEEN_SIZE)) }))
      .filter(({ seen, key }) => !mayComeAgain(seen) || !repeated.has(key));
    const forgotten = this.#database.rows<{ seen: Uint8Array }>(
      "SELECT seen FROM forgotten",
    ).filter(({ seen }) => {
      const key = encodeHex(seen);
      return !repeated.has(key) && !kept.has(key);
    });
    if (rows.length + forgotten.length === 0) return;
    this.#database.write(() => {
      for (const { seen } of forgotten) {
        this.#database.run("DELETE FROM forgotten WHERE seen = ?", seen);
      }
      for (const { id, seen, key, open } of rows) {
        const isWanted = open === 1 || kept.has(key);
        if (isWanted && !mayComeAgain(seen)) continue;
        this.#database.run(
          "UPDATE messages SET seen = ? WHERE id = ?",
          isWanted ? dropped(seen, id) : undefined,
          id,
        );
      }
    });
  }

  #find(seen: Uint8Array, { isKept = false }: SeenOptions): SeenRow[] {
    return this.#database.rows<SeenRow>(
      `SELECT id, seen, ${OPEN} AS open FROM messages
       WHERE seen BETWEEN ? AND ? ORDER BY id`,
      seen,
      isKept ? dropped(seen, LAST_ROW) : seen,
    );
  }

  #insert(message: Received, seen: Uint8Array | undefined): void {
    this.#messages.insert({
      contact: message.contact,
      outgoing: 0,
      kind: message.kind,
      text: bytesOf(message.text),
      path: message.path,
      size: message.size,
      doubtful: message.doubtful ? 1 : 0,
      relayMessageId: message.relayMessageId,
      seen,
      written: Date.now(),
      received: message.received,
      decrypted: message.decrypted,
      shown: message.shown,
    });
  }
}

/** SQL condition of messages that a later key may open. */
const OPEN = "(kind = 'unreadable' OR doubtful = 1)";

/** A row with its identifying bytes. */
interface SeenRow {
  id: MessageNumber;
  seen: Uint8Array;
  open: number;
}

const LAST_ROW = Number.MAX_SAFE_INTEGER;

/** Whether the relay may deliver a message again, by the identifying bytes of its row. */
function mayComeAgain(seen: Uint8Array): boolean {
  return seen.length === SEEN_SIZE;
}

/** The identifying bytes once the relay has deleted the message: they match no repeat. */
function dropped(seen: Uint8Array, row: number): Uint8Array {
  const bytes = new Uint8Array(SEEN_SIZE + 8);
  bytes.set(seen);
  new DataView(bytes.buffer).setBigUint64(SEEN_SIZE, BigInt(row));
  return bytes;
}
