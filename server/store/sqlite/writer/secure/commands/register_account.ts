import { equals } from "@std/bytes";
import { bytes, record } from "../../../../../../shared/wire/fields.ts";
import { PUBLIC_KEY_SIZE } from "../../../../../../shared/wire/protocol.ts";
import type { NewProfile } from "../../../../secure_store.ts";
import { clientInserter } from "../../../schema.ts";
import { f64, flag, text } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";
import { AccountDevices } from "../account_devices.ts";
import { InboxMover } from "../inbox_mover.ts";
import { storedRecord } from "../stored_record.ts";

/** A new account; the time is in milliseconds since 1970. */
interface Registration extends NewProfile {
  at: number;
}

interface KnownUser {
  name: string;
  publicKey: Uint8Array;
  isSecured: number;
}

/** Registers an account or lifts a legacy one; false where it is taken. */
export const registerAccount: StoreCommand<Registration, boolean> = {
  effect: "adds",
  fields: record<Registration>({
    at: f64,
    name: text,
    publicKey: bytes(PUBLIC_KEY_SIZE),
    isLift: flag,
    record: storedRecord,
  }),
  result: flag,
  prepare(database) {
    const withId = database.prepare<KnownUser>(
      `SELECT UserName AS name, PublicKey AS publicKey,
        EXISTS (SELECT 1 FROM profiles WHERE profiles.ID = accounts.ID) AS isSecured
        FROM accounts WHERE ID = ?`,
    );
    const named = database.prepare("SELECT 1 FROM accounts WHERE UserName = ?");
    const insertClient = clientInserter(database);
    const insertProfile = database.prepare(
      "INSERT INTO profiles (ID, Identity, Version, Record) VALUES (?, ?, ?, ?)",
    );
    const devices = new AccountDevices(database);
    const mover = new InboxMover(database);
    const isTaken = ({ record, name, publicKey, isLift }: NewProfile) => {
      const known = withId.get(record.account);
      if (!isLift) return known !== undefined || named.get(name) !== undefined;
      return known === undefined || known.isSecured !== 0 ||
        known.name !== name || !equals(known.publicKey, publicKey);
    };
    return {
      execute(profile, { inboxes, mailboxes }) {
        const { record, name, publicKey, isLift, at } = profile;
        const areNew = record.devices.every(({ id }) =>
          devices.find(id) === undefined
        );
        if (!areNew || isTaken(profile)) return false;
        const { account: id, identity, version, bytes } = record;
        if (!isLift) {
          const lastSeen = new Date(at).toISOString();
          insertClient({ id, name, publicKey, lastSeen, lastMessage: 0 });
        }
        insertProfile.run(id, identity, version, bytes);
        for (const device of record.devices) devices.insert(id, device, at);
        if (isLift) {
          const moved = mover.move(id);
          inboxes.drop(id, moved);
          mailboxes.moved(moved);
        }
        return true;
      },
    };
  },
};
