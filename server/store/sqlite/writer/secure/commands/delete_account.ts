import type { AccountId } from "../../../../../../shared/secure/secure_protocol.ts";
import { clientId } from "../../../../../../shared/wire/field_types.ts";
import { record } from "../../../../../../shared/wire/fields.ts";
import { f64, flag } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";
import { AccountDevices } from "../account_devices.ts";

/** An account, and the time in milliseconds since 1970. */
interface Closing {
  account: AccountId;
  at: number;
}

/** Deletes an account's devices and closes it; false if there is none. */
export const deleteAccount: StoreCommand<Closing, boolean> = {
  effect: "changes",
  fields: record<Closing>({ account: clientId, at: f64 }),
  result: flag,
  prepare(database) {
    const devices = new AccountDevices(database);
    const close = database.prepare(
      "UPDATE profiles SET Closed = 1 WHERE ID = ?",
    );
    return {
      execute({ account, at }, { mailboxes }) {
        for (const device of devices.of(account)) {
          mailboxes.dropDevice(device, devices.delete(device, at));
        }
        mailboxes.dropAccount(account);
        return close.run(account) > 0;
      },
    };
  },
};
