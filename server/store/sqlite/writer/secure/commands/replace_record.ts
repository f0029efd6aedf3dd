import { equals } from "@std/bytes";
import { record, sizedBytes } from "../../../../../../shared/wire/fields.ts";
import type { StoredRecord } from "../../../../secure_store.ts";
import { f64, flag } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";
import { AccountDevices } from "../account_devices.ts";
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

/** Replaces a record that is still the newest; false otherwise. */
export const replaceRecord: StoreCommand<Replacement, boolean> = {
  effect: "changes",
  fields: record<Replacement>({
    at: f64,
    previous: sizedBytes,
    record: storedRecord,
  }),
  result: flag,
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
        if (newest === undefined) return false;
        if (equals(newest.record, record.bytes)) return newest.closed === 0;
        if (!follows(newest, record, previous)) return false;
        const isTheirs = record.devices.every(({ id, signingKey }) => {
          const known = devices.find(id);
          return known === undefined ||
            equals(known.account, record.account) &&
              equals(known.signingKey, signingKey);
        });
        if (!isTheirs) return false;
        for (const device of devices.of(record.account)) {
          const stays = record.devices.some(({ id }) => equals(id, device));
          if (stays) continue;
          mailboxes.dropDevice(device, devices.delete(device, at));
        }
        for (const device of record.devices) {
          if (devices.find(device.id) !== undefined) continue;
          devices.insert(record.account, device, at);
        }
        const { identity, version, bytes, account } = record;
        update.run(identity, version, bytes, account);
        mailboxes.dropAccount(account);
        return true;
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
