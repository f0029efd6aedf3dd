/**
 * Deletes messages and users beside a relay that may be running: in short
 * transactions, with pauses in which the relay writes.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import type {
  FoundMessage,
  MessageDeleter,
} from "../writer/message_deleter.ts";
import { emptyLog } from "../checkpoints.ts";
import { withReserve } from "../reserve.ts";
import { withWriteLock } from "./write_lock.ts";

/** Messages of one transaction. */
const BATCH = 500;
/** Milliseconds between two of them. */
const PAUSE = 20;

/** Deletes messages that arrived before, in milliseconds since 1970; returns how many. */
export async function purgeMessages(
  database: Database,
  deleter: MessageDeleter,
  before: number,
): Promise<number> {
  return await deleteInBatches(
    database,
    deleter,
    () => deleter.arrivedBefore(before, BATCH),
  );
}

/**
 * Removes the user with an id and what waits for it; returns how many messages
 * that were, or undefined where it is gone already.
 */
export async function removeUser(
  database: Database,
  deleter: MessageDeleter,
  id: Uint8Array,
): Promise<number | undefined> {
  let isGone = false;
  const remove = database.prepare("DELETE FROM accounts WHERE ID = ?");
  const removeActivity = database.prepare(
    "DELETE FROM activity WHERE Position = (SELECT Position FROM accounts WHERE ID = ?)",
  );
  const messages = await deleteInBatches(
    database,
    deleter,
    () => deleter.waitingFor(id, BATCH),
    () => {
      // Together with the last messages: others may come in until then.
      removeActivity.run(id);
      isGone = remove.run(id) === 0;
    },
  );
  return isGone ? undefined : messages;
}

/** @param last is done in the transaction that leaves nothing to find */
async function deleteInBatches(
  database: Database,
  deleter: MessageDeleter,
  find: () => FoundMessage[],
  last: () => void = () => {},
): Promise<number> {
  const deleteSome = () =>
    withWriteLock(database, () => {
      const found = find();
      deleter.delete(found);
      const isDone = found.length === 0 || find().length === 0;
      if (isDone) last();
      return { deleted: found.length, isDone };
    });
  for (let count = 0;;) {
    const { deleted, isDone } = await withReserve(
      database.path,
      deleteSome,
      () => emptyLog(database),
    );
    count += deleted;
    if (isDone) return count;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
