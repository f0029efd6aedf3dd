/**
 * What a command of the writer is: its fields on the way into the thread, its
 * result on the way back, and what it does within a transaction.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import type { Field } from "../../../../shared/wire/fields.ts";
import type { Arrivals } from "./arrival_clock.ts";
import type { Inboxes } from "./inboxes.ts";
import type { Mailboxes } from "./secure/mailboxes.ts";

/** Takes the next `size` bytes of a command's content. */
export type TakeContent = (size: number) => Uint8Array;

/** The state that a command may use and change until COMMIT; a rollback undoes it. */
export interface Transaction {
  /** Last ids and sizes of inboxes. */
  readonly inboxes: Inboxes;
  /** Accounts and mailboxes of the secure protocol. */
  readonly mailboxes: Mailboxes;
  /** Times of arrival. */
  readonly arrivals: Arrivals;
}

/** A command on one database, its statements prepared. */
export interface PreparedCommand<T, R> {
  /** @throws {Error} unless it succeeds; its whole transaction is rolled back then */
  execute(value: T, transaction: Transaction, content: TakeContent): R;
}

/** A command of the writer. */
export interface StoreCommand<T = unknown, R = unknown> {
  readonly fields: Field<T>;
  readonly result: Field<R>;
  /** What it does to the database. */
  readonly effect: "reads" | "changes" | "adds";
  /** Bytes of content that follow the fields. Default: 0. */
  contentSize?(value: T): number;
  /** Prepares its statements. */
  prepare(database: Database): PreparedCommand<T, R>;
}
