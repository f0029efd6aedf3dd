/** Registration of secure accounts, and the lift of legacy ones (sections 5.2 and 5.3 of docs/secure.md). */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RelayLink, Session, UserError } from "../../../client/mod.ts";
import { loadIdentity } from "../../../client/keys/identity.ts";
import { RefusedError } from "../../../client/secure/refused_error.ts";
import {
  liftAccount,
  registerAccount,
} from "../../../client/secure/secure_registration.ts";
import { SecureSession } from "../../../client/secure/secure_session.ts";
import { readIdentityKey } from "../../../client/secure/identity_key.ts";
import { RefusalReason } from "../../../shared/secure/secure_protocol.ts";
import { readRecord } from "../../../shared/secure/account_record.ts";
import { ServerRefusedError } from "../../../client/errors.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import {
  enrolled,
  LosingRelays,
  relaysAt,
  unlimited,
} from "../../support/clients/secure_people.ts";
import { assertMode } from "../../support/file_mode.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

testWith(LOOPBACK_AND_FILES, "a secure account is registered", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  await using folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;

  await t.step("with its keys in the folder", async () => {
    const { me, session } = await enrolled(dir, "anna", relay.line);
    using _ = session;
    assertEquals(me.name, "anna");
    assertEquals(me.clientId.includes(0), false);
    assertEquals(await namesIn(dir), ["identity.key", "info.me", "info.store"]);
    await assertMode(`${dir}/identity.key`, 0o600);
    const { recordVersion, waiting, highestCount } = await session.link.state();
    assertEquals([recordVersion, waiting, highestCount], [1, 0, 0]);
    const identity = await readIdentityKey(dir);
    const told = await relay.store.secure.lookUp({ name: "anna" });
    if (told === undefined || told === "closed") throw new Error("Not told");
    const record = await readRecord(told.record ?? new Uint8Array());
    assertEquals(record.identity, identity.publicKey);
    assertEquals(record.account, me.clientId);
    assertEquals((await loadIdentity(dir))?.clientId, me.clientId);
  });

  await t.step("once", async () => {
    await assertRejects(
      () => registerAccount(dir, "anna", relaysAt(relay.line)),
      UserError,
      "You are registered already",
    );
  });

  await t.step("not under a name that is taken: nothing stays", async () => {
    const other = `${folder.path}/other`;
    const { reason } = await assertRejects(
      () => registerAccount(other, "anna", relaysAt(relay.line)),
      RefusedError,
    );
    assertEquals(reason, RefusalReason.Taken);
    assertEquals(await namesIn(folder.path), ["anna"]);
  });

  await t.step("not at a relay that can't be reached", async () => {
    const other = `${folder.path}/other`;
    const nowhere = { ...relay.line, port: 1 };
    await assertRejects(
      () => registerAccount(other, "ben", relaysAt(nowhere)),
      UserError,
      "No connection",
    );
    assertEquals(await namesIn(folder.path), ["anna"]);
  });
});

testWith(
  LOOPBACK_AND_FILES,
  "a registration whose response is lost is healed by authenticating",
  async (t) => {
    await using relay = await startSecureRelay(unlimited);
    await using folder = await temporaryFolder();

    await t.step("at once", async () => {
      const losing = new LosingRelays(relay.line, "register");
      const dir = `${folder.path}/anna`;
      await registerAccount(dir, "anna", losing);
      assertEquals(losing.responses, 1);
      using session = new SecureSession(dir, losing);
      assertEquals((await session.link.state()).recordVersion, 1);
    });

    await t.step("by the next registration, after a crash", async () => {
      const dir = `${folder.path}/ben`;
      // The relay is gone once it has registered the account.
      await using gone = await startSecureRelay({
        ...unlimited,
        store: relay.store,
      });
      const losing = new LosingRelays(gone.line, "register");
      const connect = losing.connect.bind(losing);
      losing.connect = async () => {
        if (losing.responses > 0) await gone.close();
        return await connect();
      };
      const { hint = "" } = await assertRejects(
        () => registerAccount(dir, "ben", losing),
        UserError,
      );
      assertStringIncludes(
        hint,
        'Your keys are kept. Go on with "register ben"',
      );
      assertEquals(await namesIn(dir), ["identity.key", "info.store"]);
      await assertRejects(
        () => registerAccount(dir, "benny", relaysAt(relay.line)),
        UserError,
        'An earlier registration as "ben" got no response',
      );
      await registerAccount(dir, "ben", relaysAt(relay.line));
      using session = new SecureSession(dir, relaysAt(relay.line));
      assertEquals((await session.link.state()).recordVersion, 1);
    });
  },
);

testWith(LOOPBACK_AND_FILES, "a legacy account is lifted", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  await using folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  const legacy = () => ({
    hostname: "127.0.0.1",
    port: relay.relay.address.port,
  });
  using anna = new Session(dir, new RelayLink(legacy));
  using ben = new Session(`${folder.path}/ben`, new RelayLink(legacy));
  const me = await anna.register("anna");
  await ben.register("ben");
  await ben.link.send((await ben.me()).clientId, {
    target: me.clientId,
    type: 1,
    content: new Uint8Array(),
  });

  await t.step("not by another key", async () => {
    const { privateKey } = await ben.me();
    const thief = `${folder.path}/thief`;
    const { message } = await assertRejects(
      () => liftAccount(thief, { ...me, privateKey }, relaysAt(relay.line)),
      UserError,
    );
    assertStringIncludes(message, "doesn't open with the key in info.me");
    assertEquals(await namesIn(folder.path), ["anna", "ben", "thief"]);
    assertEquals(await namesIn(thief), []);
  });

  await t.step("by its own: its mail moves", async () => {
    const losing = new LosingRelays(relay.line, "register");
    await liftAccount(dir, me, losing);
    using session = new SecureSession(dir, losing);
    const { messages } = await session.inbox.fetch();
    assertEquals(messages.map(({ flags, content }) => [flags, ...content]), [
      [1, 1],
    ]);
    assertEquals(session.own.row().account, me.clientId);
  });

  await t.step("and is refused on the legacy port", async () => {
    const legacyLink = new RelayLink(legacy);
    await assertRejects(
      () => legacyLink.pull(me.clientId, () => Promise.resolve()),
      ServerRefusedError,
    );
  });

  await t.step("once", async () => {
    await assertRejects(
      () => liftAccount(dir, me, relaysAt(relay.line)),
      UserError,
      "This folder's account is a secure one already",
    );
  });
});
