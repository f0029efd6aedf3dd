import { record, u32 } from "../../../../../shared/wire/fields.ts";
import { clientId } from "../../../../../shared/wire/field_types.ts";
import type { ClientId } from "../../../../../shared/wire/protocol.ts";
import { f64, flag } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";
import { UserDeleter, type UserDeletion } from "../user_deleter.ts";

/** Deletes some messages of a user, and with the last of them the user. */
export const deleteUser: StoreCommand<{ id: ClientId }, UserDeletion> = {
  effect: "changes",
  fields: record<{ id: ClientId }>({ id: clientId }),
  result: record<UserDeletion>({
    messages: u32,
    bytes: f64,
    mail: u32,
    isUnfinished: flag,
    isDeleted: flag,
  }),
  prepare(database) {
    const deleter = new UserDeleter(database);
    return {
      execute({ id }, { inboxes, mailboxes }) {
        const step = deleter.step(id);
        inboxes.deleted(id, step.messages, step.bytes);
        if (step.mail > 0 || step.isDeleted) mailboxes.clear();
        // Its inbox must take nothing more.
        if (!step.isUnfinished) inboxes.clear();
        return step;
      },
    };
  },
};
