import type { Database } from "@db/sqlite";
import { type Deleted, MessageDeleter } from "./message_deleter.ts";

/** Messages that one step deletes at most. */
const MOST_AT_ONCE = 500;

/** One step of deleting a user. */
export interface UserDeletion {
  /** What was deleted of its inbox; undefined where that was empty. */
  inbox: Deleted | undefined;
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
    if (inbox !== undefined && oldest().length > 0) {
      return { inbox, isUnfinished: true, isDeleted: false };
    }
    this.#statements.activity.run(id);
    const isDeleted = this.#statements.account.run(id) > 0;
    return { inbox, isUnfinished: false, isDeleted };
  }
}
