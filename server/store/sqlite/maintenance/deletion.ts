/**
 * Deletes messages and users beside a relay that may be running: in short
 * transactions, with pauses in which the relay writes.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { SendingState } from "../../../../shared/secure/secure_protocol.ts";
import type { MessageDeleter } from "../writer/message_deleter.ts";
import type { MailDeleter } from "../writer/secure/mail_deleter.ts";
import { UserDeleter } from "../writer/user_deleter.ts";
import { emptyLog } from "../checkpoints.ts";
import { withReserve } from "../reserve.ts";
import { withWriteLock } from "./write_lock.ts";

/** Messages of one transaction. */
const BATCH = 500;
/** Milliseconds between two of them. */
const PAUSE = 20;

/** Deletes a batch of the messages that arrived before a time; returns their number. */
export function purgeSome(
  database: Database,
  { messages, mail }: { messages: MessageDeleter; mail: MailDeleter },
  before: Date,
): Promise<number> {
  return inStep(database, () => {
    const time = before.getTime();
    const found = messages.arrivedBefore(time, BATCH);
    messages.delete(found);
    const foundMail = mail.arrivedBefore(time, BATCH - found.length);
    mail.delete(foundMail, SendingState.Expired, Date.now());
    return found.length + foundMail.length;
  });
}

/**
 * Deletes the user with an id and its waiting messages.
 *
 * @returns the number of messages deleted; undefined if there is no such user
 */
export async function deleteUser(
  database: Database,
  id: Uint8Array,
): Promise<number | undefined> {
  const deleter = new UserDeleter(database);
  for (let messages = 0;;) {
    const step = await inStep(database, () => deleter.step(id));
    messages += step.messages + step.mail;
    if (!step.isUnfinished) return step.isDeleted ? messages : undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Does a step in a transaction of its own. */
function inStep<T>(database: Database, step: () => T): Promise<T> {
  return withReserve(
    database.path,
    () => withWriteLock(database, step),
    () => emptyLog(database),
  );
}
