import type { Database } from "@db/sqlite";
import { MessageDeleter } from "./message_deleter.ts";
import { AccountDevices } from "./secure/account_devices.ts";

/** Messages and sendings that one step deletes at most. */
const MOST_AT_ONCE = 500;

/** One step of deleting a user. */
export interface UserDeletion {
  /** Number of messages deleted in its inbox, and size in bytes of their contents. */
  messages: number;
  bytes: number;
  /** Number of messages deleted in its devices' mailboxes. */
  mail: number;
  /** Whether further steps are to follow. */
  isUnfinished: boolean;
  /** Whether this step deleted the user. */
  isDeleted: boolean;
}

/** Deletes users, each in steps of one transaction, so that no other writer waits for long. */
export class UserDeleter {
  readonly #messages: MessageDeleter;
  readonly #devices: AccountDevices;
  readonly #statements;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#messages = new MessageDeleter(database);
    this.#devices = new AccountDevices(database);
    this.#statements = {
      activity: database.prepare(
        "DELETE FROM activity WHERE Position = (SELECT Position FROM accounts WHERE ID = ?)",
      ),
      account: database.prepare("DELETE FROM accounts WHERE ID = ?"),
      profile: database.prepare("DELETE FROM profiles WHERE ID = ?"),
    };
  }

  /**
   * Deletes the oldest messages that wait for a user, and together with the last
   * of them the user with its devices.
   */
  step(id: Uint8Array): UserDeletion {
    const oldest = this.#messages.waitingFor(id, MOST_AT_ONCE);
    const [inbox] = this.#messages.delete(oldest);
    const { messages = 0, bytes = 0 } = inbox ?? {};
    const left = MOST_AT_ONCE - messages;
    const isEmptied = this.#messages.waitingFor(id, 1).length === 0;
    const now = Date.now();
    const { messages: mail, isDone } = isEmptied
      ? this.#devices.drop(this.#devices.of(id), now, left)
      : { messages: 0, isDone: false };
    const isDeleted = isDone && this.#deleteUser(id);
    return { messages, bytes, mail, isUnfinished: !isDone, isDeleted };
  }

  #deleteUser(id: Uint8Array): boolean {
    this.#statements.profile.run(id);
    this.#statements.activity.run(id);
    return this.#statements.account.run(id) > 0;
  }
}
