import { PackageKind } from "../../../../shared/secure/key_package.ts";
import { generateSigningKey } from "../../../../shared/secure/ed25519.ts";
import { RefusalReason } from "../../../../shared/secure/secure_protocol.ts";
import {
  authenticationBytes,
  deviceBytes,
  labelled,
} from "../../../../shared/secure/signed_bytes.ts";
import { sign } from "../../../../shared/secure/ed25519.ts";
import { must } from "../../server/check.ts";
import {
  drawAccount,
  drawDevice,
  nextPackage,
  nextRecord,
} from "../account.ts";
import { sendingTo } from "../requests.ts";
import { expectRefusal } from "../expect.ts";
import { secureSubject } from "../secure_check.ts";

const { NotAuthenticated, Unknown } = RefusalReason;

export const authenticationChecks = secureSubject("authentication", {
  "login-tells-state": [
    "AUT-2",
    "A 4003 tells the version of the record, the packages that are left and the messages that wait",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const packages = [
        await nextPackage(account, PackageKind.Weekly),
        await nextPackage(account, PackageKind.SingleUse),
        await nextPackage(account, PackageKind.SingleUse),
      ];
      await channel.expect("publish", { packages });
      await channel.expect("send", sendingTo(account, account));
      const again = await probe.greeted();
      const told = await probe.authenticate(again, account);
      const { recordVersion, singleUseLeft, waiting } = told;
      must(
        recordVersion === 1 && singleUseLeft === 2 && waiting === 1,
        "version 1, 2 packages, 1 message",
        `version ${recordVersion}, ${singleUseLeft} packages, ${waiting} messages`,
      );
    },
  ],
  "login-keeps-count": [
    "CNT-3",
    "A 4003 tells the highest count that the device ever told",
    async (probe) => {
      const { account } = await probe.freshLogin();
      for (const [count, highest] of [[50, 50], [3, 50], [51, 51]] as const) {
        const channel = await probe.greeted();
        channel.device = account.device.id;
        const payload = await probe.authentication(channel, account, { count });
        const told = await channel.expect("authenticate", payload);
        const { highestCount } = told;
        must(highestCount === highest, `${highest}`, `${highestCount}`);
      }
    },
  ],
  "login-wrong-key": [
    "AUT-1",
    "A signature by another key than the device's is refused with 2",
    async (probe) => {
      const { account } = await probe.user();
      const signing = await generateSigningKey();
      const device = { ...account.device, signing };
      const channel = await probe.greeted();
      channel.device = device.id;
      const payload = await probe.authentication(channel, account, { device });
      await channel.refused("authenticate", payload, NotAuthenticated);
    },
  ],
  "login-replayed": [
    "STA-6",
    "A signature that was good on one connection is refused with 2 on another one, and on the same",
    async (probe) => {
      const { account } = await probe.user();
      const channel = await probe.greeted();
      channel.device = account.device.id;
      const payload = await probe.authentication(channel, account);
      await channel.expect("authenticate", payload);
      await channel.refused("authenticate", payload, NotAuthenticated);
      const other = await probe.greeted();
      other.device = account.device.id;
      await other.refused("authenticate", payload, NotAuthenticated);
    },
  ],
  "login-nonce-once": [
    "STA-6",
    "After a wrong signature the right one on the same nonce is refused with 2",
    async (probe) => {
      const { account } = await probe.user();
      const channel = await probe.greeted();
      channel.device = account.device.id;
      const right = await probe.authentication(channel, account);
      const wrong = {
        ...right,
        signature: right.signature.map((byte) => ~byte),
      };
      await channel.refused("authenticate", wrong, NotAuthenticated);
      await channel.refused("authenticate", right, NotAuthenticated);
      await channel.hello();
      await probe.authenticate(channel, account);
    },
  ],
  "login-other-relay": [
    "AUT-1",
    "A signature for another relay's key is refused with 2",
    async (probe) => {
      const { account } = await probe.user();
      const channel = await probe.greeted();
      channel.device = account.device.id;
      const { publicKey: relayKey } = await generateSigningKey();
      const binding = { ...channel.binding, relayKey };
      const payload = await probe.authentication({ binding }, account);
      await channel.refused("authenticate", payload, NotAuthenticated);
    },
  ],
  "login-other-count": [
    "AUT-1",
    "A signature over another count than the request's is refused with 2",
    async (probe) => {
      const { account } = await probe.user();
      const channel = await probe.greeted();
      channel.device = account.device.id;
      const payload = await probe.authentication(channel, account);
      const other = { ...payload, count: payload.count + 1 };
      await channel.refused("authenticate", other, NotAuthenticated);
    },
  ],
  "login-other-device-signed": [
    "AUT-1",
    "A signature for another device than the header's is refused with 2",
    async (probe) => {
      const [{ account }, other] = await probe.pair();
      const channel = await probe.greeted();
      channel.device = account.device.id;
      const { signing } = account.device;
      const theirs = other.account.device.id;
      const { count } = account;
      const signed = authenticationBytes(channel.binding, theirs, count);
      const signature = await sign(signing, signed);
      const payload = { count, recordVersion: 1, signature };
      await channel.refused("authenticate", payload, NotAuthenticated);
    },
  ],
  "login-other-label": [
    "SIG-1",
    "A signature under the label of another request is refused with 2",
    async (probe) => {
      const { account } = await probe.user();
      const channel = await probe.greeted();
      const { id, signing } = account.device;
      channel.device = id;
      const { relayKey, nonce } = channel.binding;
      const right = authenticationBytes(channel.binding, id, account.count);
      const count = right.subarray(-8);
      const signed = labelled("delete", relayKey, nonce, id, count);
      const signature = await sign(signing, signed);
      const payload = { count: account.count, recordVersion: 1, signature };
      await channel.refused("authenticate", payload, NotAuthenticated);
    },
  ],
  "login-unknown-device": [
    "AUT-1",
    "A device that no record has is refused with 3",
    async (probe) => {
      const account = await drawAccount();
      const channel = await probe.greeted();
      channel.device = account.device.id;
      const payload = await probe.authentication(channel, account);
      await channel.refused("authenticate", payload, Unknown);
    },
  ],
  "login-again": [
    "AUT-3",
    "The same device may authenticate again on its connection, another one is refused with 2",
    async (probe) => {
      const [{ account, channel }, other] = await probe.pair();
      await channel.hello();
      await probe.authenticate(channel, account);
      await channel.hello();
      const { device } = other.account;
      const payload = await probe.authentication(channel, other.account);
      channel.device = device.id;
      await channel.refused("authenticate", payload, NotAuthenticated);
      channel.device = account.device.id;
      await channel.expect("ping", {});
    },
  ],
  "header-of-another-device": [
    "STA-4",
    "After a log-in a request with another device's id in its header is refused with 2",
    async (probe) => {
      const [{ account, channel }, other] = await probe.pair();
      for (const id of [other.account.device.id, new Uint8Array(16)]) {
        const response = await channel.ask("ping", {}, { id });
        expectRefusal(response, NotAuthenticated);
      }
      must(channel.device === account.device.id, "its own id", "another");
      await channel.expect("ping", {});
    },
  ],
  "device-that-left": [
    "STA-5",
    "A device that has left its account's record is refused with 2 on its open connection",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const device = await drawDevice();
      const record = await nextRecord(account, { devices: [device.entry] });
      const signed = await deviceBytes(channel.binding, record.bytes);
      const signatures = [await sign(device.signing, signed)];
      await channel.expect("record", { record: record.bytes, signatures });
      await channel.refused("ping", {}, NotAuthenticated);
      await channel.refused(
        "send",
        sendingTo(account, { record }),
        NotAuthenticated,
      );
      account.record = record;
      const other = await probe.login(account, device);
      await other.expect("ping", {});
    },
  ],
});
