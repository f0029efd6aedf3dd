import type { AccountId } from "../../../../../../shared/secure/secure_protocol.ts";
import { clientId } from "../../../../../../shared/wire/field_types.ts";
import { record } from "../../../../../../shared/wire/fields.ts";
import { f64 } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";
import { AccountDevices } from "../account_devices.ts";
import { lastStep, type Step, step, UNFINISHED } from "../step.ts";

/** An account, and the time in milliseconds since 1970. */
interface Closing {
  account: AccountId;
  at: number;
}

/** Deletes the devices of an account step by step, and closes it. */
export const deleteAccount: StoreCommand<Closing, Step> = {
  effect: "changes",
  fields: record<Closing>({ account: clientId, at: f64 }),
  result: step,
  prepare(database) {
    const devices = new AccountDevices(database);
    const close = database.prepare(
      "UPDATE profiles SET Closed = 1 WHERE ID = ?",
    );
    return {
      execute({ account, at }, { mailboxes }) {
        const dropped = devices.of(account);
        const { messages, isDone } = devices.drop(dropped, at);
        mailboxes.dropDevices(dropped, messages);
        if (!isDone) return UNFINISHED;
        mailboxes.dropAccount(account);
        return lastStep(close.run(account) > 0);
      },
    };
  },
};
