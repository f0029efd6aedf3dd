import { equals } from "@std/bytes";
import { record, sizedBytes } from "../../../../../../shared/wire/fields.ts";
import type { StoredRecord } from "../../../../secure_store.ts";
import { f64 } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";
import { AccountDevices } from "../account_devices.ts";
import { lastStep, type Step, step, UNFINISHED } from "../step.ts";
import { storedRecord } from "../stored_record.ts";

/** A record in the place of another; the time is in milliseconds since 1970. */
interface Replacement {
  at: number;
  previous: Uint8Array;
  record: StoredRecord;
}

interface ProfileRow {
  identity: Uint8Array;
  version: number;
  record: Uint8Array;
  closed: number;
}

/**
 * Replaces a record if it is still the newest, once all is deleted that the
 * devices have which the new one drops.
 */
export const replaceRecord: StoreCommand<Replacement, Step> = {
  effect: "changes",
  fields: record<Replacement>({
    at: f64,
    previous: sizedBytes,
    record: storedRecord,
  }),
  result: step,
  prepare(database) {
    const devices = new AccountDevices(database);
    const profile = database.prepare<ProfileRow>(
      `SELECT Identity AS identity, Version AS version, Record AS record,
        Closed AS closed FROM profiles WHERE ID = ?`,
    );
    const update = database.prepare(
      `UPDATE profiles SET Identity = ?, Version = ?, Record = ?, Closed = 0
        WHERE ID = ?`,
    );
    return {
      execute({ record, previous, at }, { mailboxes }) {
        const newest = profile.get(record.account);
        if (newest === undefined) return lastStep(false);
        if (equals(newest.record, record.bytes)) {
          return lastStep(newest.closed === 0);
        }
        if (!follows(newest, record, previous)) return lastStep(false);
        const isTheirs = record.devices.every(({ id, signingKey }) => {
          const known = devices.find(id);
          return known === undefined ||
            equals(known.account, record.account) &&
              equals(known.signingKey, signingKey);
        });
        if (!isTheirs) return lastStep(false);
        const dropped = devices.of(record.account).filter((device) =>
          !record.devices.some(({ id }) => equals(id, device))
        );
        const { messages, isDone } = devices.drop(dropped, at);
        mailboxes.dropDevices(dropped, messages);
        if (!isDone) return UNFINISHED;
        for (const device of record.devices) {
          if (devices.find(device.id) !== undefined) continue;
          devices.insert(record.account, device, at);
        }
        const { identity, version, bytes, account } = record;
        update.run(identity, version, bytes, account);
        mailboxes.dropAccount(account);
        return lastStep(true);
      },
    };
  },
};

/** Whether a record may take the newest one's place; one of a deleted account keeps its identity. */
function follows(
  newest: ProfileRow,
  { version, identity }: StoredRecord,
  previous: Uint8Array,
): boolean {
  return equals(newest.record, previous) && version > newest.version &&
    (newest.closed === 0 || equals(newest.identity, identity));
}
