import { list, record, u32 } from "../../../../../shared/wire/fields.ts";
import { clientId } from "../../../../../shared/wire/field_types.ts";
import type { ClientId } from "../../../../../shared/wire/protocol.ts";
import { countIds, type IdRun } from "../../../id_runs.ts";
import { PART_SIZE } from "../../../store_rows.ts";
import type { HandedOut } from "../../../store.ts";
import { RAISE_LAST_MESSAGE } from "../../schema.ts";
import { f64, mapped, nothing } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** Messages of one inbox; `bytes` is Infinity where it isn't known. */
interface Deletion extends HandedOut {
  recipient: ClientId;
}

const idRun = mapped(
  record<{ first: number; last: number }>({ first: u32, last: u32 }),
  ([first, last]: IdRun) => ({ first, last }),
  ({ first, last }): IdRun => [first, last],
);

/** Deletes messages that their recipient has taken. */
export const deleteMessages: StoreCommand<Deletion, void> = {
  effect: "changes",
  fields: record<Deletion>({
    recipient: clientId,
    bytes: f64,
    runs: list(idRun),
  }),
  result: nothing,
  prepare(database) {
    const messages = database.prepare(
      "DELETE FROM messages WHERE ToClient = ? AND ID BETWEEN ? AND ?",
    );
    const parts = database.prepare(
      "DELETE FROM parts WHERE ToClient = ? AND ID BETWEEN ? AND ?",
    );
    const raiseLastMessage = database.prepare(RAISE_LAST_MESSAGE);
    return {
      execute({ recipient, runs, bytes }, { inboxes }) {
        let deleted = 0;
        for (const [first, last] of runs) {
          deleted += messages.run(recipient, first, last);
          if (bytes > PART_SIZE) parts.run(recipient, first, last);
        }
        raiseLastMessage.run(runs.at(-1)?.[1] ?? 0, recipient);
        const areAll = deleted === countIds(runs);
        inboxes.deleted(recipient, deleted, areAll ? bytes : Infinity);
      },
    };
  },
};
