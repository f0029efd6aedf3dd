import {
  PACKAGE_SIZE,
  PackageKind,
} from "../../../../../../shared/secure/key_package.ts";
import {
  type AccountId,
  type DeviceId,
  deviceId,
} from "../../../../../../shared/secure/secure_protocol.ts";
import { clientId } from "../../../../../../shared/wire/field_types.ts";
import {
  bytes,
  list,
  optional,
  record,
} from "../../../../../../shared/wire/fields.ts";
import type { ClaimedPackages } from "../../../../secure_store.ts";
import { flag } from "../../fields.ts";
import type { StoreCommand } from "../../store_command.ts";

/** Devices of an account, and whether single-use packages are handed out. */
interface Claim {
  account: AccountId;
  withSingle: boolean;
  devices: readonly DeviceId[];
}

const keyPackage = bytes(PACKAGE_SIZE);

/** Hands out packages, single-use ones once; undefined where a device has none. */
export const claimPackages: StoreCommand<
  Claim,
  readonly ClaimedPackages[] | undefined
> = {
  effect: "changes",
  fields: record<Claim>({
    account: clientId,
    withSingle: flag,
    devices: list(deviceId),
  }),
  result: optional(list(record<ClaimedPackages>({
    device: deviceId,
    weekly: keyPackage,
    single: optional(keyPackage),
  }))),
  prepare(database) {
    const weeklyOf = database.prepare<{ bytes: Uint8Array }>(
      `SELECT Bytes AS bytes FROM packages
        WHERE Device = ? AND Kind = ${PackageKind.Weekly}
        ORDER BY Number DESC LIMIT 1`,
    );
    const takeSingle = database.prepare<{ bytes: Uint8Array }>(
      `DELETE FROM packages WHERE rowid = (SELECT rowid FROM packages
        WHERE Device = ? AND Kind = ${PackageKind.SingleUse}
        ORDER BY Number LIMIT 1) RETURNING Bytes AS bytes`,
    );
    return {
      execute({ account, withSingle, devices }, { mailboxes }) {
        const known = new Set(mailboxes.account(account)?.devices);
        const weekly = devices.flatMap((device) => {
          // Each once: what is told twice isn't known any more.
          const isTheirs = known.delete(device.toHex());
          return isTheirs ? weeklyOf.get(device)?.bytes ?? [] : [];
        });
        if (weekly.length < devices.length) return undefined;
        return weekly.map((bytes, index) => {
          const device = devices[index] as DeviceId;
          const single = withSingle ? takeSingle.get(device)?.bytes : undefined;
          return { device, weekly: bytes, single };
        });
      },
    };
  },
};
