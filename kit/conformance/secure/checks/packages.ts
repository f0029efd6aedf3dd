import { equals } from "@std/bytes";
import { PackageKind } from "../../../../shared/secure/key_package.ts";
import {
  drawDeviceId,
  RefusalReason,
} from "../../../../shared/secure/secure_protocol.ts";
import { must } from "../../server/check.ts";
import { randomId } from "../../server/frames.ts";
import {
  type Account,
  drawDevice,
  nextPackage,
  nextPackages,
} from "../account.ts";
import type { SecureChannel } from "../secure_channel.ts";
import type { LoggedIn, SecureProbe } from "../secure_probe.ts";
import { secureSubject } from "../secure_check.ts";

const { Form, TooOften, Unknown } = RefusalReason;

/** Claims after which a requester gets no single-use package of an account for an hour. */
const MOST_SINGLES = 10;
/** Claims of a device in a minute. */
const MOST_CLAIMS = 20;

const claimOf = ({ record }: Account) => ({
  account: record.account,
  devices: record.devices.map(({ id }) => id),
});

/** Claims the packages of an account with one device. */
async function claim(channel: SecureChannel, account: Account) {
  const { packages } = await channel.expect("claim", claimOf(account));
  const [first] = packages;
  must(
    packages.length === 1 && first !== undefined &&
      equals(first.device, account.device.id),
    "the packages of its one device",
    `those of ${packages.length} devices`,
  );
  return first;
}

/** A fresh account with published packages, and one that may claim them. */
async function published(
  probe: SecureProbe,
  singles: number,
): Promise<{ owner: LoggedIn; packages: Uint8Array[]; asking: LoggedIn }> {
  const owner = await probe.freshLogin();
  const packages = await nextPackages(owner.account, singles);
  await owner.channel.expect("publish", { packages });
  return { owner, packages, asking: await probe.freshLogin() };
}

const isAmong = (bytes: Uint8Array | undefined, packages: Uint8Array[]) =>
  bytes !== undefined && packages.some((one) => equals(one, bytes));

export const packageChecks = secureSubject("packages", {
  "publish-tells-left": [
    "PBL-2",
    "A 4006 tells the single-use packages that wait, repeats not counted",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const packages = await nextPackages(account, 3);
      for (const sent of [packages, packages, packages.slice(1)]) {
        const { singleUseLeft: left } = await channel.expect("publish", {
          packages: sent,
        });
        must(left === 3, "3 left", `${left}`);
      }
    },
  ],
  "publish-of-another-device": [
    "PBL-1",
    "A package of another device is refused with 1",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const other = await drawDevice();
      const packages = [
        await nextPackage(account, PackageKind.Weekly, { device: other.id }),
      ];
      await channel.refused("publish", { packages }, Form);
    },
  ],
  "publish-badly-signed": [
    "PKG-1",
    "A package that another key signed is refused with 1, and none of its request is kept",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const { signing } = await drawDevice();
      const packages = [
        ...await nextPackages(account, 1),
        await nextPackage(account, PackageKind.SingleUse, {}, signing),
      ];
      await channel.refused("publish", { packages }, Form);
      const none = await channel.expect("publish", { packages: [] });
      must(none.singleUseLeft === 0, "none left", `${none.singleUseLeft}`);
      await channel.refused("claim", claimOf(account), Unknown);
    },
  ],
  "publish-handed-out-again": [
    "PBL-2",
    "A package that was handed out and is published again isn't handed out again",
    async (probe) => {
      const { owner, packages, asking } = await published(probe, 1);
      await claim(asking.channel, owner.account);
      const { singleUseLeft } = await owner.channel.expect("publish", {
        packages: packages.slice(1),
      });
      must(singleUseLeft === 0, "none left", `${singleUseLeft}`);
      const { single } = await claim(asking.channel, owner.account);
      must(single === undefined, "no single-use package", "one");
    },
  ],
  "claim-weekly-and-single": [
    "CLM-1",
    "A 4005 has the device's weekly package and one of its single-use ones, byte for byte",
    async (probe) => {
      const { owner, packages, asking } = await published(probe, 2);
      const { weekly, single } = await claim(asking.channel, owner.account);
      must(
        isAmong(weekly, packages.slice(0, 1)),
        "its weekly package",
        "another",
      );
      must(
        isAmong(single, packages.slice(1)),
        "a single-use package",
        "another",
      );
    },
  ],
  "claim-newest-weekly": [
    "CLM-1",
    "A 4005 has the weekly package of the highest number",
    async (probe) => {
      const { owner, asking } = await published(probe, 0);
      const packages = await nextPackages(owner.account, 0);
      await owner.channel.expect("publish", { packages });
      const { weekly } = await claim(asking.channel, owner.account);
      must(isAmong(weekly, packages), "the newest one", "another");
    },
  ],
  "claim-once": [
    "CLM-2",
    "Two requesters get different single-use packages until none is left",
    async (probe) => {
      const { owner, asking } = await published(probe, 4);
      const other = await probe.freshLogin();
      const seen = new Set<string>();
      for (const { channel } of [asking, other, asking, other]) {
        const { single } = await claim(channel, owner.account);
        must(single !== undefined, "a single-use package", "none");
        seen.add(single.toHex());
      }
      must(seen.size === 4, "4 packages", `${seen.size}`);
    },
  ],
  "claim-last-resort": [
    "CLM-1",
    "Where no single-use package is left, the weekly one is handed out alone",
    async (probe) => {
      const { owner, asking } = await published(probe, 1);
      await claim(asking.channel, owner.account);
      for (let count = 0; count < 2; count++) {
        const { single } = await claim(asking.channel, owner.account);
        must(single === undefined, "no single-use package", "one");
      }
    },
  ],
  "claim-of-unknown-device": [
    "CLM-3",
    "A claim with a device that the record doesn't have is refused with 3, and uses nothing up",
    async (probe) => {
      const { owner, asking } = await published(probe, 1);
      const right = claimOf(owner.account);
      const devices = [...right.devices, drawDeviceId()];
      const { channel } = asking;
      await channel.refused("claim", { ...right, devices }, Unknown);
      const unknown = { ...right, account: randomId() };
      await channel.refused("claim", unknown, Unknown);
      const { single } = await claim(channel, owner.account);
      must(single !== undefined, "the single-use package", "none");
    },
  ],
  "claim-without-weekly": [
    "CLM-3",
    "A claim of a device without a weekly package is refused with 3",
    async (probe) => {
      const { account } = await probe.freshLogin();
      const { channel } = await probe.user();
      await channel.refused("claim", claimOf(account), Unknown);
    },
  ],
  "claims-limited": [
    "CLM-4",
    "The 11th claim of an account's packages in an hour gets no single-use one, the 21st in a minute is refused with 8",
    async (probe) => {
      const { owner, asking } = await published(probe, MOST_SINGLES + 2);
      const { channel } = asking;
      for (let count = 1; count <= MOST_CLAIMS; count++) {
        const { single } = await claim(channel, owner.account);
        const has = single !== undefined;
        const isDue = count <= MOST_SINGLES;
        must(
          has === isDue,
          `${isDue ? "a" : "no"} single-use package in claim ${count}`,
          has ? "one" : "none",
        );
      }
      const { retryAfter } = await channel.refused(
        "claim",
        claimOf(owner.account),
        TooOften,
      );
      must(retryAfter > 0, "the seconds until another try", "0");
    },
  ],
});
