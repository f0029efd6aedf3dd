/** Packages, sendings and fetches of a secure account (sections 3.4, 5.8, 5.9 and 6 of docs/secure.md). */

import { assertEquals, assertRejects } from "@std/assert";
import { FolderCopiedError, UserError } from "../../../client/errors.ts";
import { RefusedError } from "../../../client/secure/refused_error.ts";
import { SecureSession } from "../../../client/secure/secure_session.ts";
import { OwnAccount } from "../../../client/secure/own_account.ts";
import { StoreDatabase } from "../../../client/store/database.ts";
import { signRecord } from "../../../shared/secure/account_record.ts";
import { readPackage } from "../../../shared/secure/key_package.ts";
import {
  RefusalReason,
  SendingState,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import { sha256 } from "../../../shared/secure/signed_bytes.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { SecurePeer } from "../../../lab/harness/secure/peer.ts";
import {
  type SecureRelay,
  startSecureRelay,
} from "../../../lab/harness/secure/secure_relay.ts";
import {
  enrolled,
  LosingRelays,
  relaysAt,
  unlimited,
} from "../../support/clients/secure_people.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const DAY = 86_400_000;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder().decode(content);

/** Lets the relay hand out single-use packages of an account. */
async function claimAll(
  { store }: SecureRelay,
  own: OwnAccount,
  times: number,
): Promise<void> {
  const { account, device } = own.row();
  for (let time = 0; time < times; time++) {
    await store.secure.claim(account, [device], true);
  }
}

testWith(LOOPBACK_AND_FILES, "key packages are kept filled", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  await using folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  const { session } = await enrolled(dir, "anna", relay.line);
  using _ = session;
  const { packages, own } = session;
  using database = disposable(new StoreDatabase(dir));

  await t.step("a weekly one and 100 others at first", async () => {
    assertEquals(await packages.refill(), 100);
    assertEquals(packages.state().unpublished, 0);
    const { account, device, highestPackage, count } = own.row();
    assertEquals([highestPackage, count], [101, 101]);
    const [claimed] = await relay.store.secure.claim(
      account,
      [device],
      true,
    ) ?? [];
    const { devices: [told] } = await own.record();
    const read = (bytes: Uint8Array = new Uint8Array()) =>
      readPackage(bytes, told?.signingKey ?? bytes);
    assertEquals((await read(claimed?.weekly)).number, 1);
    assertEquals((await read(claimed?.single)).number, 2);
  });

  await t.step("nothing more while 30 are left", async () => {
    await claimAll(relay, own, 69);
    assertEquals(await packages.refill(30), 30);
    assertEquals(own.row().highestPackage, 101);
  });

  await t.step("below 30 they are made 100 again", async () => {
    await claimAll(relay, own, 1);
    assertEquals(await packages.refill(29), 100);
    assertEquals(own.row().highestPackage, 172);
  });

  await t.step("the weekly one is replaced after a week", async () => {
    const before = Date.now() - 8 * DAY;
    database.value.run("UPDATE securePackages SET made = ?", before);
    await packages.refill(100);
    const kept = database.value.rows(
      "SELECT number, replaced IS NULL AS isNew FROM securePackages WHERE kind = 0 ORDER BY number",
    );
    assertEquals(kept.map((row) => ({ ...row })), [{ number: 1, isNew: 0 }, {
      number: 173,
      isNew: 1,
    }]);
  });

  await t.step("and its private half goes 30 days later", async () => {
    const before = Date.now() - 31 * DAY;
    database.value.run(
      "UPDATE securePackages SET replaced = ? WHERE number = 1",
      before,
    );
    await packages.refill(100);
    const { length } = database.value.rows(
      "SELECT number FROM securePackages WHERE number = 1",
    );
    assertEquals(length, 0);
  });

  await t.step("what a crash left unpublished is published", async () => {
    const last = own.row().highestPackage;
    database.value.run(
      "UPDATE securePackages SET published = NULL WHERE number = ?",
      last,
    );
    assertEquals(packages.state().unpublished, 1);
    await packages.refill(100);
    assertEquals(packages.state().unpublished, 0);
  });
});

testWith(LOOPBACK_AND_FILES, "envelopes go out and come in", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  await using folder = await temporaryFolder();
  const annaDir = `${folder.path}/anna`;
  const { session: anna } = await enrolled(annaDir, "anna", relay.line);
  const { session: ben } = await enrolled(
    `${folder.path}/ben`,
    "ben",
    relay.line,
  );
  using _anna = anna;
  using _ben = ben;
  const found = await anna.directory.lookUp("ben");
  if (found.kind !== "secure") throw new Error("Expected a record");
  const { record } = found;

  await t.step("once, and are acknowledged on the disk", async () => {
    const uid = anna.outbox.write(record, bytes("one"));
    assertEquals(anna.outbox.pending(), [uid]);
    assertEquals(await anna.outbox.deliver(uid), { state: "taken" });
    assertEquals(anna.outbox.pending(), []);
    const { messages, wentBack } = await ben.inbox.fetch();
    assertEquals(messages.map(({ content }) => text(content)), ["one"]);
    assertEquals(messages[0]?.account, anna.own.row().account);
    assertEquals(wentBack, false);
    const { outcomes: [before] } = await anna.link.request("outcome", {
      uids: [uid],
    });
    assertEquals(before?.state, 1);
    assertEquals(await ben.inbox.fetchAll(), 0);
    const { outcomes: [after] } = await anna.link.request("outcome", {
      uids: [uid],
    });
    assertEquals(after?.state, 2);
  });

  await t.step("a fetch waits for one", async () => {
    const waiting = ben.inbox.fetch(50);
    await anna.outbox.deliver(anna.outbox.write(record, bytes("two")));
    const { messages } = await waiting;
    assertEquals(messages.map(({ content }) => text(content)), ["two"]);
    await ben.inbox.fetchAll();
  });

  await t.step("a lost response is answered by the same bytes", async () => {
    const losing = new LosingRelays(relay.line, "send");
    using again = new SecureSession(annaDir, losing);
    const uid = again.outbox.write(record, bytes("three"));
    assertEquals(await again.outbox.deliver(uid), { state: "taken" });
    assertEquals(losing.responses, 2);
    const { messages } = await ben.inbox.fetch();
    assertEquals(messages.map(({ content }) => text(content)), ["three"]);
  });

  await t.step("nothing that the relay may have forgotten", async () => {
    const uid = anna.outbox.write(record, bytes("late"));
    using database = disposable(new StoreDatabase(annaDir));
    database.value.run(
      "UPDATE secureSendings SET made = ? WHERE uid = ?",
      Date.now() - 31 * DAY,
      uid,
    );
    await assertRejects(
      () => anna.outbox.deliver(uid),
      UserError,
      "The relay has forgotten",
    );
    assertEquals(anna.outbox.pending(), []);
  });

  await t.step("what was handed out twice is kept once", async () => {
    // As if the program had ended before the acknowledgement.
    const { acknowledged, lastSeq } = ben.own.row();
    ben.own.fetched(acknowledged - 1 as Seq, lastSeq);
    const { messages, handedOut } = await ben.inbox.fetch();
    assertEquals([messages.length, handedOut], [0, 1]);
    assertEquals(await ben.inbox.fetchAll(), 0);
    assertEquals(ben.inbox.count(), 3);
  });

  await t.step("a relay that went back in time is followed", async () => {
    const { lastSeq } = ben.own.row();
    ben.own.fetched(lastSeq + 10 as Seq, lastSeq + 10 as Seq);
    await anna.outbox.deliver(anna.outbox.write(record, bytes("four")));
    const { messages, wentBack } = await ben.inbox.fetch();
    assertEquals(messages.map(({ content }) => text(content)), ["four"]);
    assertEquals(wentBack, true);
    assertEquals(ben.own.row().acknowledged, lastSeq + 1 as Seq);
    assertEquals(await ben.inbox.fetchAll(), 0);
  });

  await t.step("a newer record is checked and given back", async () => {
    const carl = await drawIdentity("carl");
    using peer = await SecurePeer.registered(relay.line, carl);
    const before = await anna.directory.lookUp("carl");
    if (before.kind !== "secure") throw new Error("Expected a record");
    const { version, previous: _, ...same } = carl.record;
    const next = await signRecord({
      ...same,
      version: version + 1,
      previous: await sha256(carl.record.bytes),
    }, carl.identity);
    await peer.ask("record", { record: next.bytes, signatures: [] });
    const uid = anna.outbox.write(before.record, bytes("late"));
    assertEquals(await anna.outbox.deliver(uid), {
      state: "otherDevices",
      record: next,
    });
    assertEquals(anna.outbox.pending(), []);
    assertEquals((await anna.directory.known("carl"))?.version, 2);
    const again = anna.outbox.write(next, bytes("in time"));
    assertEquals(await anna.outbox.deliver(again), { state: "taken" });
  });

  await t.step("not to an account that isn't there", async () => {
    const { record } = await drawIdentity("dora");
    const uid = anna.outbox.write(record, bytes("lost"));
    const { reason } = await assertRejects(
      () => anna.outbox.deliver(uid),
      RefusedError,
    );
    assertEquals(reason, RefusalReason.Unknown);
    assertEquals(anna.outbox.pending(), []);
  });
});

testWith(LOOPBACK_AND_FILES, "a copy of a folder is noticed", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  await using folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  const [copy, other] = [`${folder.path}/copy`, `${folder.path}/other`];
  const { session } = await enrolled(dir, "anna", relay.line);
  session.close();
  const file = "info.store/messages.db";
  for (const to of [copy, other]) {
    await Deno.mkdir(`${to}/info.store`, { recursive: true });
    await Deno.copyFile(`${dir}/${file}`, `${to}/${file}`);
  }
  using original = new SecureSession(dir, relaysAt(relay.line));
  using copied = new SecureSession(copy, relaysAt(relay.line));

  await t.step("by a count that both used", async () => {
    const ben = await drawIdentity("ben");
    using _ = await SecurePeer.registered(relay.line, ben);
    // Both are connected before either sends.
    await copied.link.state();
    await original.outbox.deliver(
      original.outbox.write(ben.record, bytes("one")),
    );
    const uid = copied.outbox.write(ben.record, bytes("two"));
    await assertRejects(() => copied.outbox.deliver(uid), FolderCopiedError);
    // Nothing is sent with these keys any more, though the count is free.
    const next = copied.outbox.write(ben.record, bytes("three"));
    await assertRejects(() => copied.outbox.deliver(next), FolderCopiedError);
    using again = new SecureSession(copy, relaysAt(relay.line));
    await assertRejects(() => again.outbox.deliver(next), FolderCopiedError);
    const { outcomes: [outcome] } = await original.link.request("outcome", {
      uids: [next],
    });
    assertEquals(outcome?.state, SendingState.Unknown);
  });

  await t.step("by the relay's count when it connects", async () => {
    for (let time = 0; time < 2; time++) original.own.takeCount();
    const connection = await original.link.connected();
    const device = await OwnAccount.deviceOf(original.own.row());
    await connection.greet();
    await connection.authenticate(device, original.own.row().count, 1);
    using late = new SecureSession(other, relaysAt(relay.line));
    await assertRejects(() => late.link.state(), FolderCopiedError);
  });
});

function disposable(value: StoreDatabase) {
  return { value, [Symbol.dispose]: () => value.close() };
}
