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

/** Messages of one step: other commands needn't wait for long. */
const MOST_AT_ONCE = 1000;

/** One step of closing an account. */
interface Step {
  /** Whether further steps are to follow. */
  isUnfinished: boolean;
  /** Whether this step closed the account. */
  isClosed: boolean;
}

/** Deletes some mail of an account, and with the last of it the devices, and closes it. */
export const deleteAccount: StoreCommand<Closing, Step> = {
  effect: "changes",
  fields: record<Closing>({ account: clientId, at: f64 }),
  result: record<Step>({ isUnfinished: flag, isClosed: flag }),
  prepare(database) {
    const devices = new AccountDevices(database);
    const close = database.prepare(
      "UPDATE profiles SET Closed = 1 WHERE ID = ?",
    );
    return {
      execute({ account, at }, { mailboxes }) {
        let left = MOST_AT_ONCE;
        for (const device of devices.of(account)) {
          const deleted = devices.deleteMail(device, left, at);
          mailboxes.dropDevice(device, deleted);
          left -= deleted;
        }
        if (left === 0) return { isUnfinished: true, isClosed: false };
        for (const device of devices.of(account)) devices.delete(device, at);
        mailboxes.dropAccount(account);
        return { isUnfinished: false, isClosed: close.run(account) > 0 };
      },
    };
  },
};
