/** Registrations that break off: no key is lost, and none is used that isn't theirs (section 5.2 of docs/secure.md). */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  ConnectionError,
  FolderError,
  UserError,
} from "../../../client/errors.ts";
import { OwnAccount } from "../../../client/secure/own_account.ts";
import { RefusedError } from "../../../client/secure/refused_error.ts";
import {
  liftAccount,
  registerAccount,
} from "../../../client/secure/secure_registration.ts";
import { StoreDatabase } from "../../../client/store/database.ts";
import { draftOf } from "../../../client/store/folder.ts";
import { generateKeyPair } from "../../../shared/crypto/crypto.ts";
import { formatRelayLine } from "../../../shared/secure/relay_line.ts";
import { RefusalReason } from "../../../shared/secure/secure_protocol.ts";
import { challengeLabel } from "../../../shared/secure/signed_bytes.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { relaysAt } from "../../support/clients/secure_people.ts";
import {
  type Lies,
  LyingSecureRelay,
  refused,
  told,
} from "../../support/relays/lying_secure_relay.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const isIn: Lies["authenticate"] = () =>
  told("authenticate", {
    highestCount: 0,
    recordVersion: 1,
    singleUseLeft: 100,
    waiting: 0,
  });
const isUnknown: Lies["authenticate"] = () => refused(RefusalReason.Unknown);
/** The relay registers, and its response gets lost. */
const loses: Lies["register"] = () => "end";

testWith(LOOPBACK_AND_FILES, "a registration breaks off", async (t) => {
  await using relay = await LyingSecureRelay.start();
  await using folder = await temporaryFolder();
  const relays = relaysAt(relay.line);
  const dir = `${folder.path}/anna`;
  const key = `${dir}/identity.key`;

  await t.step("the keys stay where the relay may have them", async () => {
    relay.lies = {
      register: loses,
      authenticate: () => refused(RefusalReason.Full),
    };
    const { message, hint = "" } = await assertRejects(
      () => registerAccount(dir, "anna", relays),
      UserError,
    );
    assertStringIncludes(message, "the mailbox or the relay is full");
    assertStringIncludes(hint, "Your keys are kept");
    assertEquals(await namesIn(dir), ["identity.key", "info.store"]);
  });

  await t.step("also where the connection breaks each time", async () => {
    relay.lies = { authenticate: isUnknown, register: loses };
    await assertRejects(
      () => registerAccount(dir, "anna", relays),
      ConnectionError,
    );
    assertEquals(await namesIn(dir), ["identity.key", "info.store"]);
  });

  await t.step("and where another account is told", async () => {
    relay.lies.register = () =>
      told("register", { account: new Uint8Array(16) as never });
    await assertRejects(
      () => registerAccount(dir, "anna", relays),
      ConnectionError,
      "registered another account",
    );
    assertEquals(await namesIn(dir), ["identity.key", "info.store"]);
  });

  await t.step("a key whose name wasn't given yet is found", async () => {
    await Deno.rename(key, draftOf(key));
    const before = relay.asked.length;
    await assertRejects(
      () => registerAccount(dir, "anna", relays),
      ConnectionError,
      "registered another account",
    );
    assertEquals(relay.asked.length > before, true);
    assertEquals(await namesIn(dir), ["identity.key", "info.store"]);
  });

  await t.step("nothing goes on without the key", async () => {
    const elsewhere = `${folder.path}/key`;
    await Deno.rename(key, elsewhere);
    const before = relay.asked.length;
    await assertRejects(
      () => registerAccount(dir, "anna", relays),
      FolderError,
      "identity.key can't be used",
    );
    assertEquals(relay.asked.length, before);
    await Deno.rename(elsewhere, key);
  });

  await t.step("a relay that was slow has the account", async () => {
    let isSlow = true;
    relay.lies = {
      authenticate: (...args) => isSlow ? isUnknown(...args) : isIn(...args),
      register: () => {
        isSlow = false;
        return refused(RefusalReason.Taken);
      },
    };
    await registerAccount(dir, "anna", relays);
    assertEquals(await namesIn(dir), ["identity.key", "info.me", "info.store"]);
  });

  await t.step("a name that is another's leaves nothing", async () => {
    const other = `${folder.path}/other`;
    let responses = 0;
    relay.lies = {
      authenticate: isUnknown,
      register: () => responses++ === 0 ? "end" : refused(RefusalReason.Taken),
    };
    await assertRejects(
      () => registerAccount(other, "anna", relays),
      RefusedError,
    );
    assertEquals(responses, 2);
    assertEquals(await namesIn(folder.path), ["anna"]);
  });

  await t.step("info.me is written later, without the relay", async () => {
    const late = `${folder.path}/late`;
    relay.lies = { register: loses };
    await assertRejects(() => registerAccount(late, "late", relays), UserError);
    const database = new StoreDatabase(late);
    // As if the program had ended there.
    new OwnAccount(database).registered();
    const before = relay.asked.length;
    await registerAccount(late, "late", relays);
    assertEquals(relay.asked.length, before);
    assertEquals(await namesIn(late), [
      "identity.key",
      "info.me",
      "info.store",
    ]);
    assertEquals(new OwnAccount(database).row().rsaKey, undefined);
    database.close();
  });
});

testWith(LOOPBACK_AND_FILES, "a lift breaks off", async (t) => {
  await using relay = await LyingSecureRelay.start();
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const { publicKey, privateKey } = await generateKeyPair();
  const { record } = await drawIdentity("anna");
  const me = { name: "anna", clientId: record.account, privateKey };
  const challenge: Lies["challenge"] = async (_, nonce) => {
    const label = challengeLabel({ relayKey: relay.line.key, nonce });
    const sealed = await crypto.subtle.encrypt(
      { name: "RSA-OAEP", label },
      publicKey,
      new Uint8Array(32),
    );
    return told("challenge", { encrypted: new Uint8Array(sealed) });
  };
  const lift = () => liftAccount(dir, me, relaysAt(relay.line));

  await t.step("before the proof is sent nothing stays", async () => {
    relay.lies = { challenge: () => "end" };
    await assertRejects(lift, ConnectionError);
    assertEquals(await namesIn(dir), []);
  });

  await t.step("behind it the keys stay", async () => {
    relay.lies = { challenge, authenticate: isUnknown, register: loses };
    const { hint = "" } = await assertRejects(lift, ConnectionError);
    assertStringIncludes(hint, '"register anna --lift"');
    assertEquals(await namesIn(dir), ["identity.key", "info.store"]);
  });

  await t.step("and the doctor says how it goes on", async () => {
    const server = formatRelayLine(relay.line);
    const args = ["--dir", dir, "doctor", "--server", server];
    assertStringIncludes(
      (await runHere("", args)).stdout,
      "register anna --lift",
    );
  });

  await t.step("not for another account", async () => {
    const { record: { account: clientId } } = await drawIdentity("ben");
    await assertRejects(
      () => liftAccount(dir, { ...me, clientId }, relaysAt(relay.line)),
      UserError,
      'an unfinished registration as "anna"',
    );
  });

  await t.step("until the relay has it", async () => {
    relay.lies.authenticate = isIn;
    await lift();
    const database = new StoreDatabase(dir);
    assertEquals(new OwnAccount(database).row().account, me.clientId);
    database.close();
  });
});

testWith(LOOPBACK_AND_FILES, "a user's copy of a key stays", async () => {
  await using relay = await LyingSecureRelay.start();
  await using folder = await temporaryFolder();
  relay.lies = { register: () => refused(RefusalReason.Taken) };
  const path = `${folder.path}/identity.key`;
  await Deno.writeTextFile(path, "a copy");
  await assertRejects(
    () => registerAccount(folder.path, "anna", relaysAt(relay.line)),
    UserError,
    `${path} is there, and its account isn't in this folder`,
  );
  assertEquals(await Deno.readTextFile(path), "a copy");
  assertEquals(await namesIn(folder.path), ["identity.key"]);
  assertEquals(relay.asked, []);
});

testWith(LOOPBACK_AND_FILES, "the verb goes on where it began", async (t) => {
  await using relay = await LyingSecureRelay.start();
  await using folder = await temporaryFolder();
  const run = (...args: string[]) =>
    runHere("", ["--dir", folder.path, ...args]);
  const line = formatRelayLine(relay.line);
  relay.lies = { authenticate: isUnknown, register: loses };

  await t.step("the line is kept before anything is sent", async () => {
    const { code, stderr } = await run(
      "register",
      "anna",
      "--server",
      line,
      "--yes",
    );
    assertEquals(code, 3);
    assertStringIncludes(stderr, "Your keys are kept. Go on with");
    assertEquals(
      await Deno.readTextFile(`${folder.path}/info.server`),
      `${line}\n`,
    );
  });

  await t.step("no other relay gets the keys", async () => {
    await using other = await LyingSecureRelay.start();
    const elsewhere = formatRelayLine({ ...other.line, hostname: "localhost" });
    for (
      const args of [["register", "anna", "--yes"], ["doctor"]]
    ) {
      const { code, stdout, stderr } = await run(
        ...args,
        "--server",
        elsewhere,
      );
      assertEquals(code, 1);
      assertStringIncludes(
        stdout + stderr,
        "An earlier registration may have reached the relay of info.server",
      );
    }
    assertEquals(other.asked, []);
  });

  await t.step("until the relay has the account", async () => {
    relay.lies.authenticate = isIn;
    const { code, stderr } = await run("register", "anna");
    assertEquals(code, 0, stderr);
  });

  await t.step("a damaged info.server is told", async () => {
    await Deno.writeTextFile(`${folder.path}/info.server`, `${line}x\n`);
    const { code, stdout } = await run("doctor");
    assertEquals(code, 1);
    assertStringIncludes(stdout, "info.server can't be used: line 1: ");
  });

  await t.step("a relay that doesn't know the device", async () => {
    await Deno.writeTextFile(`${folder.path}/info.server`, `${line}\n`);
    relay.lies.authenticate = isUnknown;
    const { stdout } = await run("doctor");
    assertStringIncludes(
      stdout,
      "The relay refused to authenticate: it doesn't know this device",
    );
  });
});
