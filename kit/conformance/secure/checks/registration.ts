import { concat, equals } from "@std/bytes";
import {
  generateSigningKey,
  sign,
  type SigningKey,
} from "../../../../shared/secure/ed25519.ts";
import { RefusalReason } from "../../../../shared/secure/secure_protocol.ts";
import { labelled } from "../../../../shared/secure/signed_bytes.ts";
import { must } from "../../server/check.ts";
import { randomBytes, randomName } from "../../server/frames.ts";
import { type Account, drawAccount, nextRecord } from "../account.ts";
import type { SecureProbe } from "../secure_probe.ts";
import { secureSubject } from "../secure_check.ts";

const { Form, NotAuthenticated, Taken } = RefusalReason;

/** Offsets in a record. */
const IDENTITY_AT = 44;
const NAME_AT = 92;
/** Size in bytes of a signature, which ends a record. */
const SIGNATURE = 64;

/** Registers an account in one way or another on a connection of its own. */
async function register(
  probe: SecureProbe,
  account: Account,
  change?: Parameters<SecureProbe["registration"]>[2],
) {
  const channel = await probe.greeted();
  const payload = await probe.registration(channel, account, change);
  const { account: id } = await channel.expect("register", payload);
  must(equals(id, account.record.account), "the record's account", id.toHex());
}

/** Expects that a registration is refused, and that it has no effect. */
async function refused(
  probe: SecureProbe,
  account: Account,
  reason: RefusalReason,
  change?: Parameters<SecureProbe["registration"]>[2],
) {
  const channel = await probe.greeted();
  const payload = await probe.registration(channel, account, change);
  await channel.refused("register", payload, reason);
}

/** A record of which bytes were changed after it was signed. */
function forged(account: Account, at: number, bytes: Uint8Array): Uint8Array {
  const copy = account.record.bytes.slice();
  copy.set(bytes, at);
  return copy;
}

export const registrationChecks = secureSubject("secure registration", {
  "secure-register": [
    "ENR-1",
    "A 3001 is answered with 4001 and the record's account",
    async (probe) => await register(probe, await drawAccount()),
  ],
  "secure-register-any-version": [
    "ENR-4",
    "The first record at this relay may be an account's second one",
    async (probe) => {
      const account = await drawAccount();
      account.record = await nextRecord(account);
      await register(probe, account);
    },
  ],
  "secure-register-taken-name": [
    "ENR-3",
    "A name that an account has is refused with 4",
    async (probe) => {
      const { account: { name } } = await probe.user();
      await refused(probe, await drawAccount({ name }), Taken);
    },
  ],
  "secure-register-taken-account": [
    "ENR-3",
    "An id that an account has is refused with 4, also with another name",
    async (probe) => {
      const { account: { record } } = await probe.user();
      await refused(
        probe,
        await drawAccount({ account: record.account }),
        Taken,
      );
    },
  ],
  "secure-register-taken-device": [
    "ENR-3",
    "A device that another account has is refused with 4",
    async (probe) => {
      const { account: { device } } = await probe.user();
      const account = await drawAccount();
      const { record, identity } = account;
      const theirs = { ...account, device };
      theirs.record = await nextRecord({ ...account, record, identity }, {
        devices: [device.entry],
      });
      await refused(probe, theirs, Taken);
    },
  ],
  "secure-register-bad-record": [
    "REC-5",
    "A record of which a bit was changed is refused with 1, and the name stays free",
    async (probe) => {
      const account = await drawAccount();
      const record = forged(account, 4, randomBytes(4));
      await refused(probe, account, Form, { record });
      await register(probe, account);
    },
  ],
  "secure-register-longer-record": [
    "REC-1",
    "A record with a byte behind it is refused with 1",
    async (probe) => {
      const account = await drawAccount();
      const record = concat([account.record.bytes, new Uint8Array(1)]);
      await refused(probe, account, Form, { record });
    },
  ],
  "secure-register-name-of-bytes": [
    "REC-3",
    "A record whose name has a byte above 0x7e is refused with 1",
    async (probe) => {
      const account = await drawAccount();
      const record = await signedAnew(account, NAME_AT, Uint8Array.of(0xe4));
      await refused(probe, account, Form, { record });
    },
  ],
  "secure-register-name-with-rest": [
    "REC-3",
    "A record with other than zeros behind its name is refused with 1",
    async (probe) => {
      const account = await drawAccount();
      const at = NAME_AT + 254;
      const record = await signedAnew(account, at, Uint8Array.of(0x41));
      await refused(probe, account, Form, { record });
    },
  ],
  "secure-register-no-version": [
    "REC-2",
    "A record of version 0, and one of version 1 with a previous, are refused with 1",
    async (probe) => {
      const account = await drawAccount();
      const changes = [[0, Uint8Array.of(0)], [12, Uint8Array.of(1)]] as const;
      for (const [at, bytes] of changes) {
        const record = await signedAnew(account, at, bytes);
        await refused(probe, account, Form, { record });
      }
    },
  ],
  "secure-register-flagged-device": [
    "REC-4",
    "A record with a device whose flags aren't 0 is refused with 1",
    async (probe) => {
      const account = await drawAccount();
      const record = await signedAnew(account, 428, Uint8Array.of(1));
      await refused(probe, account, Form, { record });
    },
  ],
  "secure-register-small-order": [
    "EDK-1",
    "An identity of small order, under which a made-up signature verifies, is refused with 1",
    async (probe) => {
      const account = await drawAccount();
      const neutral = new Uint8Array(32);
      neutral[0] = 1;
      const record = forged(account, IDENTITY_AT, neutral);
      record.fill(0, -SIGNATURE);
      record.set(neutral, record.length - SIGNATURE);
      await refused(probe, account, Form, { record });
    },
  ],
  "secure-register-other-device": [
    "ENR-2",
    "A record that doesn't have the header's device is refused with 1",
    async (probe) => {
      const account = await drawAccount();
      const other = await drawAccount();
      await refused(probe, { ...account, device: other.device }, Form);
    },
  ],
  "secure-register-wrong-signature": [
    "ENR-2",
    "A signature by another key than the device's is refused with 2",
    async (probe) => {
      const signing = await generateSigningKey();
      await refused(probe, await drawAccount(), NotAuthenticated, { signing });
    },
  ],
  "secure-register-other-relay": [
    "ENR-2",
    "A signature for another relay's key is refused with 2",
    async (probe) => {
      const { publicKey: relayKey } = await generateSigningKey();
      await refused(probe, await drawAccount(), NotAuthenticated, { relayKey });
    },
  ],
  "secure-register-nonce-once": [
    "STA-6",
    "After a refused 3001 its nonce serves no other 3001 and no 3003",
    async (probe) => {
      const { account: known } = await probe.user();
      const account = await drawAccount({ name: known.name });
      const free = await drawAccount({ name: randomName() });
      const channel = await probe.greeted();
      const taken = await probe.registration(channel, account);
      await channel.refused("register", taken, Taken);
      const right = await probe.registration(channel, free);
      await channel.refused("register", right, NotAuthenticated);
      channel.device = known.device.id;
      const login = await probe.authentication(channel, known);
      await channel.refused("authenticate", login, NotAuthenticated);
    },
  ],
  "secure-register-isnt-login": [
    "STA-1",
    "A 4001 doesn't authenticate its connection",
    async (probe) => {
      const account = await drawAccount();
      const channel = await probe.greeted();
      const payload = await probe.registration(channel, account);
      await channel.expect("register", payload);
      await channel.refused("ping", {}, NotAuthenticated);
    },
  ],
});

/** An account's record with other bytes from an offset on, signed by its identity. */
async function signedAnew(
  { record, identity }: { record: Account["record"]; identity: SigningKey },
  at: number,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const changed = record.bytes.slice(0, -SIGNATURE);
  changed.set(bytes, at);
  const signature = await sign(identity, labelled("account", changed));
  return concat([changed, signature]);
}
