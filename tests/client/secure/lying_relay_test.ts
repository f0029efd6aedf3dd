/** A relay with the right key that lies: each lie ends in a sentence and changes nothing (sections 5 to 7 of docs/secure.md). */

import { assertEquals, assertRejects } from "@std/assert";
import {
  ConnectionError,
  FolderCopiedError,
  UserError,
} from "../../../client/errors.ts";
import { readIdentityKey } from "../../../client/secure/identity_key.ts";
import { RefusedError } from "../../../client/secure/refused_error.ts";
import { SecureConnection } from "../../../client/secure/secure_connection.ts";
import {
  liftAccount,
  registerAccount,
} from "../../../client/secure/secure_registration.ts";
import { SecureSession } from "../../../client/secure/secure_session.ts";
import { generateKeyPair } from "../../../shared/crypto/crypto.ts";
import { decodeRecord } from "../../../shared/secure/account_record.ts";
import {
  drawUid,
  RefusalReason,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import {
  secureResponseCode,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import { challengeLabel } from "../../../shared/secure/signed_bytes.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { relaysAt } from "../../support/clients/secure_people.ts";
import {
  framed,
  type Lies,
  LyingSecureRelay,
  refused,
  told,
} from "../../support/relays/lying_secure_relay.ts";
import { recordAfter } from "../../../lab/harness/secure/signed_requests.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";

const none = new Uint8Array();
const registers: Lies["register"] = ({ record }) =>
  told("register", { account: decodeRecord(record).record.account });
const state = {
  highestCount: 0,
  recordVersion: 1,
  singleUseLeft: 100,
  waiting: 0,
};

testWith(LOOPBACK, "responses that can't be so", async (t) => {
  await using relay = await LyingSecureRelay.start();
  const { key, ...address } = relay.line;
  /** The error of a ping with this response. */
  const pinged = async (response: Uint8Array) => {
    relay.lies = { ping: () => response };
    using connection = await SecureConnection.open(
      { ...address, keys: [key] },
      { environment: () => undefined },
    );
    return await assertRejects(
      () => connection.request("ping", {}),
      UserError,
    );
  };
  const ping = secureResponseCode("ping");
  const malformed: Record<string, Uint8Array> = {
    "another request's": told("publish", { singleUseLeft: 1 }),
    "with bytes behind": framed(ping, new Uint8Array(1)),
    "larger than any": framed(ping, none, 2 ** 32 - 1),
    "a cut refusal": framed(4999, new Uint8Array(5)),
  };
  for (const [name, response] of Object.entries(malformed)) {
    await t.step(name, async () => {
      const { message } = await pinged(response);
      assertEquals(/^The response of .* can't be read: /.test(message), true);
    });
  }

  await t.step("a refusal for a reason of a later version", async () => {
    const { message, hint } = await pinged(refused(99, new Uint8Array(9)));
    assertEquals(
      [message, hint],
      ["The relay refused to ping: for the unknown reason 99", undefined],
    );
  });

  await t.step("another version of the protocol", async () => {
    relay.lies = { hello: (_, nonce) => relay.greeting(nonce, { version: 2 }) };
    await assertRejects(
      () =>
        SecureConnection.open(
          { ...address, keys: [key] },
          { environment: () => undefined },
        ),
      ConnectionError,
      "speaks version 2",
    );
  });
});

testWith(LOOPBACK_AND_FILES, "challenges that are none", async (t) => {
  await using relay = await LyingSecureRelay.start();
  await using folder = await temporaryFolder();
  const { publicKey, privateKey } = await generateKeyPair();
  const { record: { account: clientId } } = await drawIdentity("anna");
  /** Encrypts bytes for the account. */
  const sealed = async (
    opened: Uint8Array<ArrayBuffer>,
    label?: BufferSource,
  ) =>
    new Uint8Array(
      await crypto.subtle.encrypt(
        { name: "RSA-OAEP", ...label !== undefined && { label } },
        publicKey,
        opened,
      ),
    );
  const binding = (nonce: Uint8Array) => ({ relayKey: relay.line.key, nonce });
  const challenges: Record<string, (nonce: Uint8Array) => Promise<Uint8Array>> =
    {
      "a recorded type 2": () => sealed(new Uint8Array(16)),
      "too short": (nonce) =>
        sealed(new Uint8Array(31), challengeLabel(binding(nonce))),
      "of another relay": (nonce) =>
        sealed(
          new Uint8Array(32),
          challengeLabel({ relayKey: new Uint8Array(32).fill(9), nonce }),
        ),
      "random": () =>
        Promise.resolve(crypto.getRandomValues(new Uint8Array(128))),
    };
  for (const [name, challenge] of Object.entries(challenges)) {
    await t.step(name, async () => {
      relay.lies = {
        challenge: async (_, nonce) =>
          told("challenge", { encrypted: await challenge(nonce) }),
      };
      const me = { name: "anna", clientId, privateKey };
      await assertRejects(
        () => liftAccount(folder.path, me, relaysAt(relay.line)),
        ConnectionError,
        "The relay's challenge doesn't open with the key in info.me",
      );
      assertEquals(await namesIn(folder.path), []);
      assertEquals(relay.asked.includes("register"), false);
    });
  }
});

testWith(LOOPBACK_AND_FILES, "lies about an account", async (t) => {
  await using relay = await LyingSecureRelay.start();
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const relays = relaysAt(relay.line);
  relay.lies = { register: registers };
  await registerAccount(dir, "anna", relays);
  using session = new SecureSession(dir, relays);
  const own = await session.own.record();
  const identity = await readIdentityKey(dir);
  /** Connects anew while the relay lies. */
  const connected = async (
    changes: Partial<typeof state>,
    others: Lies = {},
  ) => {
    relay.lies = {
      authenticate: () => told("authenticate", { ...state, ...changes }),
      ...others,
    };
    using again = new SecureSession(dir, relays);
    await again.link.connected();
  };

  const next = await recordAfter(own, identity);
  const thief = (await drawIdentity("anna")).identity;
  const forged = await recordAfter(own, thief, { identity: thief.publicKey });
  const records: Record<string, [number, Uint8Array]> = {
    "malformed record": [2, none],
    "older version": [2, own.bytes],
    "older version ": [3, next.bytes],
    "other identity": [2, forged.bytes],
    "this device isn't in it": [
      2,
      (await recordAfter(own, identity, {
        devices: (await drawIdentity("anna")).record.devices,
      })).bytes,
    ],
  };
  for (const [alarm, [recordVersion, record]] of Object.entries(records)) {
    await t.step(`own record: ${alarm}, told ${recordVersion}`, async () => {
      const { account } = own;
      const publicKey = new Uint8Array(160);
      await assertRejects(
        () =>
          connected({ recordVersion }, {
            lookUp: () => told("lookUp", { account, publicKey, record }),
          }),
        UserError,
        `A RECORD OF YOUR ACCOUNT THAT ISN'T YOURS: ${alarm.trim()}`,
      );
      assertEquals((await session.own.record()).bytes, own.bytes);
    });
  }

  await t.step("the same devices are other ones for ever", async () => {
    relay.lies = {
      authenticate: () => told("authenticate", state),
      send: () => refused(RefusalReason.OtherDevices, own.bytes),
    };
    const uid = session.outbox.write(own, none);
    const { reason } = await assertRejects(
      () => session.outbox.deliver(uid),
      RefusedError,
    );
    assertEquals(reason, RefusalReason.OtherDevices);
    // It isn't sent again.
    relay.lies.send = () => "end";
    await assertRejects(() => session.outbox.deliver(uid), RefusedError);
  });

  await t.step("the record of another account", async () => {
    const { record } = await drawIdentity("ben");
    relay.lies.send = () => refused(RefusalReason.OtherDevices, record.bytes);
    const uid = session.outbox.write(own, none);
    await assertRejects(
      () => session.outbox.deliver(uid),
      ConnectionError,
      "another account",
    );
  });

  await t.step("a message without a response stays to be sent", async () => {
    relay.lies.send = () => "end";
    const uid = session.outbox.write(own, none);
    await assertRejects(() => session.outbox.deliver(uid), ConnectionError);
    assertEquals(session.outbox.pending(), [uid]);
  });

  await t.step("a higher count is a copy of the folder", async () => {
    const { count } = session.own.row();
    await connected({ highestCount: count });
    await assertRejects(
      () => connected({ highestCount: count + 1 }),
      FolderCopiedError,
    );
  });
});

testWith(LOOPBACK_AND_FILES, "lies about a mailbox", async (t) => {
  await using relay = await LyingSecureRelay.start();
  await using folder = await temporaryFolder();
  const relays = relaysAt(relay.line);
  relay.lies = {
    register: registers,
    authenticate: () => told("authenticate", state),
  };
  await registerAccount(folder.path, "anna", relays);
  using session = new SecureSession(folder.path, relays);
  const { account, device } = session.own.row();
  const uids = [drawUid(), drawUid(), drawUid()];
  /** Hands out messages with these seqs, the uids from the first on. */
  const hands = (seqs: readonly number[], lastSeq: number, from = 0) => {
    const messages: SecureResponsePayloads["fetch"]["messages"] = seqs.map(
      (seq, index) => ({
        seq: seq as Seq,
        uid: uids[(from + index) % 3] ?? drawUid(),
        account,
        device,
        flags: 0,
        arrived: 1,
        content: none,
      }),
    );
    relay.lies.fetch = () =>
      told("fetch", { time: 1, lastSeq: lastSeq as Seq, messages });
  };

  await t.step("none yet", async () => {
    hands([1, 2], 2);
    assertEquals((await session.inbox.fetch()).messages.length, 2);
    assertEquals(session.own.row().acknowledged, 2 as Seq);
  });

  for (const seqs of [[4, 3], [3, 3], [0], [2]]) {
    await t.step(`positions ${seqs}: nothing is kept`, async () => {
      hands(seqs, 4, 2);
      await assertRejects(
        () => session.inbox.fetchAll(),
        ConnectionError,
        "The relay handed out the message at position",
      );
      const { acknowledged } = session.own.row();
      assertEquals([session.inbox.count(), acknowledged], [2, 2]);
    });
  }

  await t.step("one uid twice is one message", async () => {
    hands([3, 4], 4, 2);
    uids[0] = uids[2] ?? drawUid();
    assertEquals((await session.inbox.fetch()).messages.length, 1);
    assertEquals(session.own.row().acknowledged, 4 as Seq);
  });
});
