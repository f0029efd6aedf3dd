import { record, u32 } from "../../../../../shared/wire/fields.ts";
import { f64 } from "../fields.ts";
import { MessageDeleter } from "../message_deleter.ts";
import type { StoreCommand } from "../store_command.ts";

/** Messages that are too old. */
interface Purge {
  /** Milliseconds that they have waited at least. */
  age: number;
  /** Messages of one call at most. */
  most: number;
}

/** Deletes messages that have waited for too long; returns how many. */
export const purge: StoreCommand<Purge, number> = {
  effect: "changes",
  fields: record<Purge>({ age: f64, most: u32 }),
  result: u32,
  prepare(database) {
    const deleter = new MessageDeleter(database);
    return {
      execute({ age, most }, { inboxes, arrivals }) {
        const { now, earliest, olderRow } = arrivals;
        // What came in before this process began may have by any of its clock's settings.
        const older = { row: olderRow, before: earliest - age };
        const found = deleter.arrivedBefore(now - age, most, older);
        for (const inbox of deleter.delete(found)) {
          inboxes.deleted(inbox.recipient, inbox.messages, inbox.bytes);
        }
        return found.length;
      },
    };
  },
};
