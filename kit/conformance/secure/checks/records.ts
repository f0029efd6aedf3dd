import { concat, equals } from "@std/bytes";
import { generateSigningKey, sign } from "../../../../shared/secure/ed25519.ts";
import type { AccountRecord } from "../../../../shared/secure/account_record.ts";
import {
  CURVE_KEY_SIZE,
  RefusalReason,
  SIGNATURE_SIZE,
} from "../../../../shared/secure/secure_protocol.ts";
import {
  deletionBytes,
  deviceBytes,
} from "../../../../shared/secure/signed_bytes.ts";
import type { SigningKey } from "../../../../shared/secure/ed25519.ts";
import { must } from "../../server/check.ts";
import { randomBytes } from "../../server/frames.ts";
import {
  type Account,
  type Device,
  drawAccount,
  drawDevice,
  nextRecord,
} from "../account.ts";
import { fetchesOnly, sendingTo } from "../requests.ts";
import type { SecureChannel } from "../secure_channel.ts";
import { secureSubject } from "../secure_check.ts";

const { Closed, Form, NotAuthenticated, OlderVersion, Taken, Unknown } =
  RefusalReason;

/** The payload of a 3009, with a signature of each new device. */
async function replacing(
  { binding }: Pick<SecureChannel, "binding">,
  { bytes }: AccountRecord,
  ...added: readonly Device[]
) {
  const signed = await deviceBytes(binding, bytes);
  const signatures = await Promise.all(
    added.map(({ signing }) => sign(signing, signed)),
  );
  return { record: bytes, signatures };
}

/** Replaces a record and fails unless the response tells its version. */
async function replaces(
  channel: SecureChannel,
  record: AccountRecord,
  ...added: readonly Device[]
) {
  const payload = await replacing(channel, record, ...added);
  const { version } = await channel.expect("record", payload);
  must(version === record.version, `${record.version}`, `${version}`);
}

/** Fails unless the newest record of an account is this one. */
async function isNewest(
  channel: SecureChannel,
  { account, bytes }: AccountRecord,
) {
  const { record } = await channel.expect("lookUp", { by: { account } });
  must(equals(record, bytes), "the record", "another");
}

/** Deletes an account on one of its connections. */
async function deletes(channel: SecureChannel, account: Account) {
  await channel.hello();
  const signature = await deletion(channel, account, account.identity);
  await channel.expect("delete", { signature });
}

const deletion = (
  { binding }: SecureChannel,
  { record }: Account,
  key: SigningKey,
) => sign(key, deletionBytes(binding, record.account));

export const recordChecks = secureSubject("records", {
  "record-replaced": [
    "RPL-5",
    "A record of the next version takes the place of the newest, and is looked up then",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const record = await nextRecord(account);
      await replaces(channel, record);
      await isNewest(channel, record);
    },
  ],
  "record-repeated": [
    "RPL-4",
    "The newest record again is answered with 4009",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const record = await nextRecord(account);
      await replaces(channel, record);
      await replaces(channel, record);
      await replaces(await probe.greeted(), record);
    },
  ],
  "record-second-of-version": [
    "RPL-2",
    "A second record of the newest version is refused with 9",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const [first, second] = [
        await nextRecord(account),
        await nextRecord(account, { time: 1 }),
      ];
      await replaces(channel, first);
      const payload = await replacing(channel, second);
      await channel.refused("record", payload, OlderVersion);
      await isNewest(channel, first);
    },
  ],
  "record-older": [
    "REC-6",
    "An older record is refused with 9",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const first = account.record;
      account.record = await nextRecord(account);
      await replaces(channel, account.record);
      const payload = await replacing(channel, first);
      await channel.refused("record", payload, OlderVersion);
      await isNewest(channel, account.record);
    },
  ],
  "record-of-other-previous": [
    "RPL-2",
    "A record of the next version with another previous is refused with 9",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const previous = randomBytes(32);
      const record = await nextRecord(account, { previous });
      const payload = await replacing(channel, record);
      await channel.refused("record", payload, OlderVersion);
      await isNewest(channel, account.record);
    },
  ],
  "record-over-a-gap": [
    "REC-7",
    "A record that is two versions higher is taken, whatever its previous",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const change = { version: 3, previous: randomBytes(32) };
      const record = await nextRecord(account, change);
      await replaces(channel, record);
      await isNewest(channel, record);
    },
  ],
  "record-with-successor": [
    "REC-8",
    "A record with another identity and the old one's consent is taken",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const identity = await generateSigningKey();
      const record = await nextRecord(account, {}, identity);
      await replaces(channel, record);
      await isNewest(channel, record);
    },
  ],
  "record-of-other-identity": [
    "RPL-3",
    "A record of another identity, without consent or with a third one's, is refused with 4",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const [identity, third] = [
        await generateSigningKey(),
        await generateSigningKey(),
      ];
      const taken = await nextRecord({ ...account, identity });
      const passed = await nextRecord(
        { ...account, identity: third },
        {},
        identity,
      );
      for (const record of [taken, passed]) {
        const payload = await replacing(channel, record);
        await channel.refused("record", payload, Taken);
      }
      await isNewest(channel, account.record);
    },
  ],
  "record-of-other-name": [
    "RPL-1",
    "A record with another name is refused with 1",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const { name } = await drawAccount();
      const record = await nextRecord(account, { name });
      const payload = await replacing(channel, record);
      await channel.refused("record", payload, Form);
    },
  ],
  "record-badly-signed": [
    "RPL-1",
    "A record of which a bit was changed is refused with 1",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const { bytes } = await nextRecord(account);
      const record = bytes.slice();
      record[4] = (record[4] ?? 0) ^ 1;
      await channel.refused("record", { record, signatures: [] }, Form);
      const longer = concat([bytes, new Uint8Array(1)]);
      const payload = { record: longer, signatures: [] };
      await channel.refused("record", payload, Form);
      await isNewest(channel, account.record);
    },
  ],
  "record-with-new-device": [
    "RPL-1",
    "A new device needs its own signature: none, another's and two for one are refused with 1",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const [added, other] = [await drawDevice(), await drawDevice()];
      const devices = [account.device.entry, added.entry];
      const record = await nextRecord(account, { devices });
      for (const signers of [[], [other], [added, added], [account.device]]) {
        const payload = await replacing(channel, record, ...signers);
        await channel.refused("record", payload, Form);
      }
      await replaces(channel, record, added);
      account.record = record;
      await (await probe.login(account, added)).expect("ping", {});
    },
  ],
  "record-device-of-another": [
    "RPL-3",
    "A device that another account has is refused with 4",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const { account: { device } } = await probe.user();
      const devices = [account.device.entry, device.entry];
      const record = await nextRecord(account, { devices });
      const payload = await replacing(channel, record, device);
      await channel.refused("record", payload, Taken);
    },
  ],
  "record-device-of-other-keys": [
    "REC-9",
    "A device that stays with another S or D is refused with 4",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const { entry } = account.device;
      const { signing } = await drawDevice();
      const agreementKey = randomBytes(CURVE_KEY_SIZE);
      for (
        const change of [{ signingKey: signing.publicKey }, { agreementKey }]
      ) {
        const devices = [{ ...entry, ...change }];
        const record = await nextRecord(account, { devices });
        const payload = await replacing(channel, record);
        await channel.refused("record", payload, Taken);
      }
    },
  ],
  "record-of-unknown": [
    "RPL-2",
    "A record of an id that no user has is refused with 3",
    async (probe) => {
      const account = await drawAccount();
      const channel = await probe.greeted();
      const payload = await replacing(channel, await nextRecord(account));
      await channel.refused("record", payload, Unknown);
    },
  ],
  "record-isnt-login": [
    "RPL-6",
    "A 3009 before a log-in is taken, and authenticates nothing",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const record = await nextRecord(account);
      const other = await probe.greeted();
      await replaces(other, record);
      await other.refused("ping", {}, NotAuthenticated);
      await isNewest(channel, record);
    },
  ],
  "record-without-device": [
    "RPL-5",
    "The mailbox of a device that leaves goes with it: it is empty if the device comes again",
    async (probe) => {
      const { account, channels } = await probe.twoDevices();
      const [staying, leaving] = channels;
      const [first, second] = account.devices;
      await staying.expect("send", sendingTo(account, account));
      account.record = await nextRecord(account, { devices: [first.entry] });
      await replaces(staying, account.record);
      await leaving.refused("ping", {}, NotAuthenticated);
      const devices = [first.entry, second.entry];
      account.record = await nextRecord(account, { devices });
      await replaces(staying, account.record, second);
      await fetchesOnly(await probe.login(account, second), []);
    },
  ],
});

export const deletionChecks = secureSubject("deletion", {
  "delete-closes": [
    "DEL-1",
    "After a 3012 sends and look-ups are refused with 10, and the device isn't served",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const other = await probe.user();
      await deletes(channel, account);
      await channel.refused("fetch", {
        acknowledged: 0 as never,
        wait: 0,
        most: 0,
      }, NotAuthenticated);
      const { name, record } = account;
      await other.channel.refused("lookUp", { by: { name } }, Closed);
      const sending = sendingTo(other.account, { record });
      await other.channel.refused("send", sending, Closed);
      const again = await probe.greeted();
      again.device = account.device.id;
      const login = await probe.authentication(again, account);
      await again.refused("authenticate", login, NotAuthenticated, Unknown);
    },
  ],
  "delete-badly-signed": [
    "DEL-1",
    "A signature by S, or over another nonce, is refused with 2, and nothing is deleted",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      await channel.hello();
      const { identity, device } = account;
      const old = await deletion(channel, account, identity);
      await channel.hello();
      const byDevice = await deletion(channel, account, device.signing);
      for (const signature of [old, byDevice, randomBytes(SIGNATURE_SIZE)]) {
        await channel.refused("delete", { signature }, NotAuthenticated);
      }
      await isNewest(channel, account.record);
    },
  ],
  "delete-keeps-name": [
    "DEL-2",
    "Name and id of a deleted account stay taken",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      await deletes(channel, account);
      const { name, record } = account;
      for (const known of [{ name }, { account: record.account }]) {
        const other = await drawAccount(known);
        const greeted = await probe.greeted();
        const payload = await probe.registration(greeted, other);
        await greeted.refused("register", payload, Taken);
      }
    },
  ],
  "delete-and-reopen": [
    "RPL-7",
    "A higher record of the same identity opens a deleted account, whose mailbox is empty then",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      await channel.expect("send", sendingTo(account, account));
      await deletes(channel, account);
      const device = await drawDevice();
      const record = await nextRecord(account, { devices: [device.entry] });
      await replaces(await probe.greeted(), record, device);
      account.record = record;
      const opened = await probe.login(account, device);
      await isNewest(opened, record);
      await fetchesOnly(opened, []);
    },
  ],
});
