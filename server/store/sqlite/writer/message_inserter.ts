import type { Database } from "@db/sqlite";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import type { Quota, SendResult } from "../../store.ts";
import { PART_SIZE } from "../../store_rows.ts";
import type { TakeContent, Transaction } from "./store_command.ts";

/** A message of which only the size is told. */
interface SizedMessage {
  recipient: ClientId;
  sender: ClientId;
  type: number;
  quota: Quota;
  size: number;
}

/** Inserts messages into inboxes, a large content in parts. */
export class MessageInserter {
  readonly #message;
  readonly #part;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#message = database.prepare(
      "INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Rest, Arrived) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#part = database.prepare(
      "INSERT INTO parts (ToClient, ID, Part, Content) VALUES (?, ?, ?, ?)",
    );
  }

  /** Inserts a message with the next id of its inbox, unless it is refused. */
  insert(
    { recipient, sender, type, quota, size }: SizedMessage,
    { inboxes, arrivals }: Transaction,
    content: TakeContent,
  ): SendResult {
    const result = inboxes.admit(recipient, size, quota);
    if ("refused" in result) return result;
    const { id } = result;
    const first = Math.min(size, PART_SIZE);
    const rest = size - first;
    const { now } = arrivals;
    this.#message.run(id, recipient, sender, type, content(first), rest, now);
    for (let at = first, part = 1; at < size; at += PART_SIZE, part++) {
      const piece = content(Math.min(PART_SIZE, size - at));
      this.#part.run(recipient, id, part, piece);
    }
    return result;
  }
}
