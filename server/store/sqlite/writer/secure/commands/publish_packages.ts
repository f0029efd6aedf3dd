import {
  PACKAGE_SIZE,
  PackageKind,
} from "../../../../../../shared/secure/key_package.ts";
import {
  type DeviceId,
  deviceId,
} from "../../../../../../shared/secure/secure_protocol.ts";
import {
  bytes,
  type Field,
  list,
  record,
  u32,
  u8,
} from "../../../../../../shared/wire/fields.ts";
import type { NewPackage } from "../../../../secure_store.ts";
import type { StoreCommand } from "../../store_command.ts";

/** Packages of a device, in the order of their numbers. */
interface Publication {
  device: DeviceId;
  packages: readonly NewPackage[];
}

/** Keeps packages above the highest number; returns how many single-use ones wait. */
export const publishPackages: StoreCommand<Publication, number> = {
  effect: "adds",
  fields: record<Publication>({
    device: deviceId,
    packages: list(record<NewPackage>({
      number: u32,
      kind: u8 as Field<number> as Field<PackageKind>,
      bytes: bytes(PACKAGE_SIZE),
    })),
  }),
  result: u32,
  prepare(database) {
    const lastPackage = database.prepare<{ number: number }>(
      "SELECT LastPackage AS number FROM devices WHERE Device = ?",
    );
    const raise = database.prepare(
      "UPDATE devices SET LastPackage = ? WHERE Device = ?",
    );
    const insert = database.prepare(
      "INSERT INTO packages (Device, Number, Kind, Bytes) VALUES (?, ?, ?, ?)",
    );
    const deleteOlder = database.prepare(
      `DELETE FROM packages
        WHERE Device = ? AND Kind = ${PackageKind.Weekly} AND Number < ?`,
    );
    const left = database.prepare<{ count: number }>(
      `SELECT count(*) AS count FROM packages
        WHERE Device = ? AND Kind = ${PackageKind.SingleUse}`,
    );
    return {
      execute({ device, packages }) {
        const before = lastPackage.get(device)?.number;
        if (before === undefined) return 0;
        let last = before;
        for (const { number, kind, bytes } of packages) {
          if (number <= last) continue;
          last = number;
          insert.run(device, number, kind, bytes);
          if (kind === PackageKind.Weekly) deleteOlder.run(device, number);
        }
        if (last > before) raise.run(last, device);
        return left.get(device)?.count ?? 0;
      },
    };
  },
};
