import { encodeHex } from "@std/encoding";
import type { MessageId } from "../../shared/wire/protocol.ts";
import type { MessageKind } from "../session/message.ts";
import type { StoreDatabase } from "./database.ts";
import { bytesOf, type MessageRows } from "./message_rows.ts";

/** A received message, opened. */
export interface Received {
  /** The sender's row. */
  contact: number;
  /** Tells it from its repeats: 32 bytes of its sender, id and content. */
  seen: Uint8Array;
  relayMessageId: MessageId;
  kind: MessageKind;
  text?: string | undefined;
  path?: string | undefined;
  size: number;
  doubtful: boolean;
  /** When it came in and when it was decrypted, in milliseconds since 1970. */
  received: number;
  decrypted: number | undefined;
  /** When the user saw it already, though it couldn't be kept. */
  shown?: number | undefined;
}

/** Bytes of a {@linkcode Received.seen}. */
const SEEN_SIZE = 32;

/** How a received message is looked up. */
export interface SeenOptions {
  /** Whether it comes from an answer that was kept. Default: false, it has just come from a relay. */
  isKept?: boolean | undefined;
}

/**
 * Received messages. Two of the same sender, id and content are one as long as
 * the relay may hand out the first again, and two once it has dropped that one:
 * servers count ids anew, and relays are put back from a copy.
 */
export class Incoming {
  readonly #database: StoreDatabase;
  readonly #rows: MessageRows;

  /** Keeps them among these rows. */
  constructor(database: StoreDatabase, rows: MessageRows) {
    this.#database = database;
    this.#rows = rows;
  }

  /** What became of a received message before; undefined where it is new. */
  seen(
    seen: Uint8Array,
    options: SeenOptions = {},
  ): "opened" | "unreadable" | undefined {
    const rows = this.#find(seen, options);
    if (rows.length === 0) return undefined;
    return rows.some(({ open }) => open === 1) ? "unreadable" : "opened";
  }

  /**
   * Writes a received message down. Where it couldn't be opened before it makes
   * place for what it turned out to be, as often as it came.
   *
   * @returns how many messages were written: none where it is a repeat
   */
  add(message: Received, options: SeenOptions = {}): number {
    return this.#database.write(() => {
      const before = this.#find(message.seen, options);
      if (before.length === 0) {
        this.#insert(message, message.seen);
        return 1;
      }
      if (message.kind === "unreadable" || message.doubtful) return 0;
      const opened = before.filter(({ open }) => open === 1);
      for (const { id, seen } of opened) {
        this.#database.run("DELETE FROM messages WHERE id = ?", id);
        this.#insert(message, mayComeAgain(seen) ? seen : null);
      }
      return opened.length;
    });
  }

  /**
   * The relay has dropped what it handed out: what looks like it from now on is
   * another message.
   *
   * @param repeated what it goes on handing out, in hex digits
   * @param kept what is still to be worked through once more, in hex digits
   */
  settle(repeated: ReadonlySet<string>, kept: ReadonlySet<string>): void {
    const rows = this.#database.rows<SeenRow>(
      `SELECT id, seen, ${OPEN} AS open FROM messages
       WHERE seen > x'' AND (length(seen) = ${SEEN_SIZE} OR NOT ${OPEN})`,
    ).map((row) => ({ ...row, key: encodeHex(row.seen.slice(0, SEEN_SIZE)) }))
      .filter(({ seen, key }) => !mayComeAgain(seen) || !repeated.has(key));
    if (rows.length === 0) return;
    this.#database.write(() => {
      for (const { id, seen, key, open } of rows) {
        const isWanted = open === 1 || kept.has(key);
        if (isWanted && !mayComeAgain(seen)) continue;
        this.#database.run(
          "UPDATE messages SET seen = ? WHERE id = ?",
          isWanted ? dropped(seen, id) : null,
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

  #insert(message: Received, seen: Uint8Array | null): void {
    this.#rows.insert({
      contact: message.contact,
      outgoing: 0,
      kind: message.kind,
      text: bytesOf(message.text),
      path: message.path ?? null,
      size: message.size,
      doubtful: message.doubtful ? 1 : 0,
      relayMessageId: message.relayMessageId,
      seen,
      written: Date.now(),
      received: message.received,
      decrypted: message.decrypted ?? null,
      shown: message.shown ?? null,
    });
  }
}

/** Whether a message may yet turn out to be something else. */
const OPEN = "(kind = 'unreadable' OR doubtful = 1)";

/** A row by what tells it from others. */
interface SeenRow {
  id: number;
  seen: Uint8Array;
  open: number;
}

const LAST_ROW = Number.MAX_SAFE_INTEGER;

/** Whether the relay may hand out a message again, by what its row says. */
function mayComeAgain(seen: Uint8Array): boolean {
  return seen.length === SEEN_SIZE;
}

/** What a row says once the relay has dropped its message: no repeat is found by it. */
function dropped(seen: Uint8Array, row: number): Uint8Array {
  const bytes = new Uint8Array(SEEN_SIZE + 8);
  bytes.set(seen);
  new DataView(bytes.buffer).setBigUint64(SEEN_SIZE, BigInt(row));
  return bytes;
}
