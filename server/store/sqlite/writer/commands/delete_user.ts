import { record, u32 } from "../../../../../shared/wire/fields.ts";
import { clientId } from "../../../../../shared/wire/field_types.ts";
import type { ClientId } from "../../../../../shared/wire/protocol.ts";
import { flag } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";
import { UserDeleter } from "../user_deleter.ts";

/** What one step of deleting a user did. */
interface Step {
  messages: number;
  isUnfinished: boolean;
  isDeleted: boolean;
}

/** Deletes some messages of a user, and with the last of them the user. */
export const deleteUser: StoreCommand<{ id: ClientId }, Step> = {
  effect: "changes",
  fields: record<{ id: ClientId }>({ id: clientId }),
  result: record<Step>({ messages: u32, isUnfinished: flag, isDeleted: flag }),
  prepare(database) {
    const deleter = new UserDeleter(database);
    return {
      execute({ id }, { inboxes }) {
        const { inbox, ...step } = deleter.step(id);
        const { messages = 0, bytes = 0 } = inbox ?? {};
        inboxes.deleted(id, messages, bytes);
        // Its inbox must take nothing more.
        if (!step.isUnfinished) inboxes.clear();
        return { messages, ...step };
      },
    };
  },
};
