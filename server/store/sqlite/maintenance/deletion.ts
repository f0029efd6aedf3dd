/**
 * Deletes messages and users beside a relay that may be running: in short
 * transactions, with pauses in which the relay writes.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { MessageDeleter } from "../writer/message_deleter.ts";
import { UserDeleter } from "../writer/user_deleter.ts";
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
  before: number,
): Promise<number> {
  const deleter = new MessageDeleter(database);
  return await inSteps(database, () => {
    const found = deleter.arrivedBefore(before, BATCH);
    deleter.delete(found);
    const isUnfinished = found.length > 0 &&
      deleter.arrivedBefore(before, 1).length > 0;
    return { deleted: found.length, isUnfinished };
  });
}

/**
 * Deletes the user with an id and what waits for it; returns how many messages
 * that were, or undefined where it is gone already.
 */
export async function deleteUser(
  database: Database,
  id: Uint8Array,
): Promise<number | undefined> {
  const deleter = new UserDeleter(database);
  let isDeleted = false;
  const messages = await inSteps(database, () => {
    const { inbox, isUnfinished, ...step } = deleter.step(id);
    ({ isDeleted } = step);
    return { deleted: inbox?.messages ?? 0, isUnfinished };
  });
  return isDeleted ? messages : undefined;
}

/** Runs steps, each in a transaction, until one is the last; returns how much they deleted. */
async function inSteps(
  database: Database,
  step: () => { deleted: number; isUnfinished: boolean },
): Promise<number> {
  for (let count = 0;;) {
    const { deleted, isUnfinished } = await withReserve(
      database.path,
      () => withWriteLock(database, step),
      () => emptyLog(database),
    );
    count += deleted;
    if (!isUnfinished) return count;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
