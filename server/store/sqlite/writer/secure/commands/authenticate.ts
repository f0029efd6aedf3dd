import { PackageKind } from "../../../../../../shared/secure/key_package.ts";
import {
  type DeviceId,
  deviceId,
} from "../../../../../../shared/secure/secure_protocol.ts";
import { optional, record, u32 } from "../../../../../../shared/wire/fields.ts";
import type { DeviceState } from "../../../../secure_store.ts";
import { f64 } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";

/** A device that is there, with the count that it told; the time is in milliseconds since 1970. */
interface Authentication {
  device: DeviceId;
  count: number;
  at: number;
}

/** Notes that a device is there; undefined if there is none. */
export const authenticate: StoreCommand<
  Authentication,
  DeviceState | undefined
> = {
  effect: "changes",
  fields: record<Authentication>({ device: deviceId, count: f64, at: f64 }),
  result: optional(record<DeviceState>({
    highestCount: f64,
    recordVersion: u32,
    singleUseLeft: u32,
    waiting: u32,
  })),
  prepare(database) {
    const seen = database.prepare<{ position: number; version: number }>(
      `UPDATE devices SET LastSeen = ? WHERE Device = ?
        RETURNING
          (SELECT Position FROM accounts WHERE ID = Account) AS position,
          (SELECT Version FROM profiles WHERE ID = Account) AS version`,
    );
    const userSeen = database.prepare(
      "UPDATE activity SET LastSeen = ? WHERE Position = ?",
    );
    const single = database.prepare<{ count: number }>(
      `SELECT count(*) AS count FROM packages
        WHERE Device = ? AND Kind = ${PackageKind.SingleUse}`,
    );
    return {
      execute({ device, count, at }, { mailboxes }) {
        const row = seen.get(at, device);
        if (row === undefined) return undefined;
        userSeen.run(new Date(at).toISOString(), row.position);
        return {
          highestCount: mailboxes.told(device, count),
          recordVersion: row.version,
          singleUseLeft: single.get(device)?.count ?? 0,
          waiting: mailboxes.find(device.toHex())?.messages ?? 0,
        };
      },
    };
  },
};
