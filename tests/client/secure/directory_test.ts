/** Look-ups and their alarms (sections 3.3 and 7 of docs/secure.md). */

import { assertEquals, assertRejects } from "@std/assert";
import { ContactAlarmError } from "../../../client/errors.ts";
import { RefusedError } from "../../../client/secure/refused_error.ts";
import {
  type AccountRecord,
  type RecordContent,
  signRecord,
} from "../../../shared/secure/account_record.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import { sha256 } from "../../../shared/secure/signed_bytes.ts";
import { readIdentityKey } from "../../../client/secure/identity_key.ts";
import type { Store } from "../../../server/mod.ts";
import type { SecureAccount } from "../../../server/store/secure_store.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { SecurePeer } from "../../../lab/harness/secure/peer.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { enrolled, unlimited } from "../../support/clients/secure_people.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

/** What a relay tells in place of an account; undefined for the truth. */
interface Lies {
  lie: ((truth: SecureAccount) => SecureAccount | undefined) | undefined;
}

/** Makes a relay's look-ups those of one that lies. */
function lying({ secure }: Store): Lies {
  const lies: Lies = { lie: undefined };
  const lookUp = secure.lookUp.bind(secure);
  secure.lookUp = async (by) => {
    const found = await lookUp(by);
    const isTrue = lies.lie === undefined || typeof found !== "object";
    return isTrue ? found : lies.lie?.(found);
  };
  return lies;
}

/** What the record behind another one tells. */
async function nextOf(
  record: AccountRecord,
  change: Partial<RecordContent> = {},
): Promise<RecordContent> {
  const { version, account, name, devices, identity } = record;
  return {
    version: version + 1,
    time: Date.now(),
    previous: await sha256(record.bytes),
    identity,
    account,
    name,
    devices,
    ...change,
  };
}

testWith(LOOPBACK_AND_FILES, "look-ups pin, follow and alarm", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  const relayLies = lying(relay.store);
  await using folder = await temporaryFolder();
  const { me, session } = await enrolled(
    `${folder.path}/anna`,
    "anna",
    relay.line,
  );
  using _ = session;
  const { directory } = session;
  const ben = await drawIdentity("ben");
  const { identity, record } = ben;
  using peer = await SecurePeer.registered(relay.line, ben);
  const other = await generateSigningKey();

  const tell = (bytes: Uint8Array) => (truth: SecureAccount) => ({
    ...truth,
    record: bytes,
  });
  /** Looks ben up while the relay lies; the alarm stands until it is accepted. */
  const alarmed = async (
    alarm: string,
    lie: NonNullable<Lies["lie"]>,
  ) => {
    relayLies.lie = lie;
    const told = await assertRejects(
      () => directory.lookUp("ben"),
      ContactAlarmError,
    );
    assertEquals([told.contact, told.alarm], ["ben", alarm]);
    relayLies.lie = undefined;
    const asks = [() => directory.lookUp("ben"), () => directory.known("ben")];
    for (const ask of asks) {
      const stands = await assertRejects<ContactAlarmError>(
        ask,
        ContactAlarmError,
      );
      assertEquals(stands.alarm, alarm);
    }
  };
  /** Pins ben's first record again. */
  const repin = async () => {
    directory.acceptLegacy("ben");
    await directory.lookUp("ben");
  };

  await t.step("a name that the relay doesn't know", async () => {
    await assertRejects(() => directory.lookUp("carl"), RefusedError);
  });

  await t.step("at first sight a record is pinned", async () => {
    const found = await directory.lookUp("ben");
    assertEquals(found, { kind: "secure", record, isNew: true });
    const again = await directory.lookUp("ben");
    assertEquals(again, { kind: "secure", record, isNew: false });
  });

  await t.step("no record though one is known", async () => {
    await alarmed("no record", (truth) => ({ ...truth, record: undefined }));
    await directory.accept("ben");
    assertEquals((await directory.known("ben"))?.bytes, record.bytes);
    await alarmed("no record", () => undefined);
    await repin();
  });

  await t.step("a second record of the same version", async () => {
    const second = await signRecord({
      ...await nextOf(record),
      version: 1,
      previous: record.previous,
    }, identity);
    await alarmed("second record of the version", tell(second.bytes));
    await repin();
  });

  await t.step("another identity without the old one's consent", async () => {
    const forged = await signRecord(
      await nextOf(record, { identity: other.publicKey }),
      other,
    );
    await alarmed("other identity", tell(forged.bytes));
  });

  await t.step("which the user accepts", async () => {
    await directory.accept("ben");
    const known = await directory.known("ben");
    assertEquals(known?.identity, other.publicKey);
    await repin();
  });

  await t.step("a record that doesn't follow", async () => {
    const gap = await signRecord(
      await nextOf(record, { previous: new Uint8Array(32).fill(1) }),
      identity,
    );
    await alarmed("doesn't follow the record before", tell(gap.bytes));
    await repin();
  });

  await t.step("another account under the pinned name", async () => {
    const account = me.clientId;
    const taken = await signRecord(await nextOf(record, { account }), identity);
    await alarmed("other account", tell(taken.bytes));
    await repin();
  });

  await t.step("a malformed record", async () => {
    const bytes = record.bytes.with(record.bytes.length - 1, 0);
    relayLies.lie = tell(bytes.with(0, 9));
    await assertRejects(() => directory.lookUp("ben"), ContactAlarmError);
    relayLies.lie = undefined;
    await repin();
  });

  await t.step(
    "a newer record is taken, an older one is an alarm",
    async () => {
      const next = await signRecord(
        await nextOf(record, { identity: other.publicKey }),
        other,
        identity,
      );
      await peer.ask("record", { record: next.bytes, signatures: [] });
      const found = await directory.lookUp("ben");
      assertEquals(found.kind === "secure" && found.record.version, 2);
      await alarmed("older version", tell(record.bytes));
      await repin();
    },
  );
});

testWith(
  LOOPBACK_AND_FILES,
  "the own record is published to a relay that has an older one",
  async (t) => {
    await using relay = await startSecureRelay(unlimited);
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const { session } = await enrolled(dir, "anna", relay.line);
    using _ = session;
    const identity = await readIdentityKey(dir);
    const first = await session.own.record();
    const second = await signRecord(await nextOf(first), identity);
    session.own.replaceRecord(second.bytes);

    await t.step("when the device authenticates", async () => {
      assertEquals((await session.link.state()).recordVersion, 1);
      const found = await session.directory.lookUp("anna");
      assertEquals(found.kind === "secure" && found.record.version, 2);
    });

    await t.step("and a newer one that follows it is taken", async () => {
      session.own.replaceRecord(first.bytes);
      using again = session.link;
      await again.connected().then((connection) => connection.close());
      await again.request("ping", {});
      assertEquals((await session.own.record()).version, 2);
    });
  },
);
