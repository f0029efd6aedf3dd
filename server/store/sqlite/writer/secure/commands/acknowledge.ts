import {
  type DeviceId,
  deviceId,
  SendingState,
} from "../../../../../../shared/secure/secure_protocol.ts";
import { record } from "../../../../../../shared/wire/fields.ts";
import { f64, flag } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";
import { MailDeleter } from "../mail_deleter.ts";

/** Messages of one commit: other commands needn't wait for long. */
const MOST_AT_ONCE = 1000;

/** Messages of a mailbox up to a position, and the time in milliseconds since 1970. */
interface Acknowledgement {
  device: DeviceId;
  upTo: number;
  at: number;
}

/** Deletes some of the messages that a device acknowledges; returns whether more may be left. */
export const acknowledge: StoreCommand<Acknowledgement, boolean> = {
  effect: "changes",
  fields: record<Acknowledgement>({ device: deviceId, upTo: f64, at: f64 }),
  result: flag,
  prepare(database) {
    const mail = new MailDeleter(database);
    return {
      execute({ device, upTo, at }, { mailboxes }) {
        const { lastSeq } = mailboxes.find(device.toHex()) ?? { lastSeq: 0 };
        if (upTo > lastSeq) return false;
        const found = mail.upTo(device, upTo, MOST_AT_ONCE);
        for (const one of mail.delete(found, SendingState.Taken, at)) {
          mailboxes.deleted(one.device, one.messages, one.bytes);
        }
        return found.length === MOST_AT_ONCE;
      },
    };
  },
};
