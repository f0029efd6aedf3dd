import type { Database } from "@db/sqlite";
import { SendingState } from "../../../../../../shared/secure/secure_protocol.ts";
import { record, u32 } from "../../../../../../shared/wire/fields.ts";
import { IS_SETTLED } from "../../../schema.ts";
import { f64 } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";
import { MailDeleter } from "../mail_deleter.ts";
import type { Mailboxes } from "../mailboxes.ts";

/** What has waited, or was remembered, for long enough; times in milliseconds. */
interface Expiry {
  retention: number;
  most: number;
  at: number;
}

/** Deletes expired mail and forgets old sendings; returns how many of both. */
export const expire: StoreCommand<Expiry, number> = {
  effect: "changes",
  fields: record<Expiry>({ retention: f64, most: u32, at: f64 }),
  result: u32,
  prepare(database) {
    const mail = new MailDeleter(database);
    const forget = prepareForget(database);
    return {
      execute({ retention, most, at }, { mailboxes }) {
        const before = at - retention;
        const found = mail.expired(at, before, most);
        for (const one of mail.delete(found, SendingState.Expired, at)) {
          mailboxes.deleted(one.device, one.messages, one.bytes);
        }
        return found.length + forget(before, most, mailboxes);
      },
    };
  },
};

/** Forgets sendings that were settled up to a time; their devices keep the counts. */
function prepareForget(
  database: Database,
): (before: number, most: number, mailboxes: Mailboxes) => number {
  const settled = database.prepare<
    { row: number; device: Uint8Array; count: number }
  >(
    `SELECT rowid AS row, Device AS device, Count AS count FROM taken
      WHERE ${IS_SETTLED} AND Time <= ? ORDER BY Time LIMIT ?`,
  );
  const keepCount = database.prepare(
    "UPDATE devices SET Count = ? WHERE Device = ? AND Count < ?",
  );
  const forget = database.prepare("DELETE FROM taken WHERE rowid = ?");
  return (before, most, mailboxes) => {
    const found = settled.all(before, most);
    for (const { row, device, count } of found) {
      keepCount.run(count, device, count);
      forget.run(row);
      mailboxes.forgot(device, count);
    }
    return found.length;
  };
}
