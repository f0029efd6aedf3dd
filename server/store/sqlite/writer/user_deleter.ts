import type { Database } from "@db/sqlite";
import { MessageDeleter } from "./message_deleter.ts";

/** Messages that one step deletes at most. */
const MOST_AT_ONCE = 500;

/** One step of deleting a user. */
export interface UserDeletion {
  /** Number of messages deleted, and size in bytes of their contents. */
  messages: number;
  bytes: number;
  /** Whether further steps are to follow. */
  isUnfinished: boolean;
  /** Whether this step deleted the user. */
  isDeleted: boolean;
}

/** Deletes users, each in steps of one transaction, so that no other writer waits for long. */
export class UserDeleter {
  readonly #messages: MessageDeleter;
  readonly #statements;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#messages = new MessageDeleter(database);
    this.#statements = {
      activity: database.prepare(
        "DELETE FROM activity WHERE Position = (SELECT Position FROM accounts WHERE ID = ?)",
      ),
      account: database.prepare("DELETE FROM accounts WHERE ID = ?"),
    };
  }

  /** Deletes the oldest messages that wait for a user, and together with the last of them the user. */
  step(id: Uint8Array): UserDeletion {
    const oldest = () => this.#messages.waitingFor(id, MOST_AT_ONCE);
    const [inbox] = this.#messages.delete(oldest());
    const { messages = 0, bytes = 0 } = inbox ?? {};
    const isUnfinished = messages > 0 && oldest().length > 0;
    let isDeleted = false;
    if (!isUnfinished) {
      this.#statements.activity.run(id);
      isDeleted = this.#statements.account.run(id) > 0;
    }
    return { messages, bytes, isUnfinished, isDeleted };
  }
}
