import type { MessageId } from "../../shared/protocol.ts";
import type { MessageKind } from "../message.ts";
import type { StoreDatabase } from "./database.ts";
import { bytesOf, type MessageRows } from "./message_rows.ts";

/** A received message, opened. */
export interface Received {
  /** The sender's row. */
  contact: number;
  /** Tells it from its repeats. */
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

/** Received messages, each once. */
export class Incoming {
  readonly #database: StoreDatabase;
  readonly #rows: MessageRows;

  /** Keeps them among these rows. */
  constructor(database: StoreDatabase, rows: MessageRows) {
    this.#database = database;
    this.#rows = rows;
  }

  /** What became of a received message before; undefined where it is new. */
  seen(seen: Uint8Array): "opened" | "unreadable" | undefined {
    const row = this.#database.row<{ kind: MessageKind; doubtful: number }>(
      "SELECT kind, doubtful FROM messages WHERE seen = ?",
      seen,
    );
    if (row === undefined) return undefined;
    return row.kind === "unreadable" || row.doubtful === 1
      ? "unreadable"
      : "opened";
  }

  /**
   * Writes a received message down. One that couldn't be opened before makes
   * place for what it turned out to be.
   *
   * @returns its number, or undefined where it is a repeat
   */
  add(message: Received): number | undefined {
    return this.#database.write(() => {
      const before = this.seen(message.seen);
      const better = message.kind !== "unreadable" && !message.doubtful;
      if (before === "opened" || (before === "unreadable" && !better)) {
        return undefined;
      }
      if (before !== undefined) {
        this.#database.run("DELETE FROM messages WHERE seen = ?", message.seen);
      }
      return this.#rows.insert({
        contact: message.contact,
        outgoing: 0,
        kind: message.kind,
        text: bytesOf(message.text),
        path: message.path ?? null,
        size: message.size,
        doubtful: message.doubtful ? 1 : 0,
        relayMessageId: message.relayMessageId,
        seen: message.seen,
        written: Date.now(),
        received: message.received,
        decrypted: message.decrypted ?? null,
        shown: message.shown ?? null,
      });
    });
  }
}
