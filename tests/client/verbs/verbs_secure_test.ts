/** The verbs at a relay with a secure port. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { OwnAccount } from "../../../client/secure/own_account.ts";
import { StoreDatabase } from "../../../client/store/database.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import {
  formatKey,
  formatRelayLine,
} from "../../../shared/secure/relay_line.ts";
import { formatAddress } from "../../../shared/folder/info_files.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { jsonLines } from "../../support/clients/verbs.ts";
import { unlimited } from "../../support/clients/secure_people.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const NO_TEXTS =
  "with this version it can be registered, looked up and checked, but neither send nor receive texts yet";
const REFUSED =
  "error: This folder has a secure account: this version sends and receives no texts with it yet\n";

testWith(LOOPBACK_AND_FILES, "a secure account by verbs", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  await using folder = await temporaryFolder();
  const line = formatRelayLine(relay.line);
  const legacy = formatAddress({
    hostname: "127.0.0.1",
    port: relay.relay.address.port,
  });
  const dirOf = (name: string) => `${folder.path}/${name}`;
  const run = (name: string, ...args: string[]) =>
    runHere("", ["--dir", dirOf(name), ...args]);
  /** The doctor's findings on the secure account, by subject. */
  const findings = async (name: string, env = (_: string) => "") => {
    const args = ["--dir", dirOf(name), "doctor", "--json"];
    const { stdout } = await runHere("", args, { env });
    return Object.fromEntries(
      jsonLines(stdout).map(({ subject, verdict, what }) => [
        subject,
        `${verdict}: ${what}`,
      ]),
    );
  };

  await t.step("isn't made before the user agrees", async () => {
    const { code, stderr } = await run(
      "anna",
      "register",
      "anna",
      "--server",
      line,
    );
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `error: Nothing is done yet: "anna" would be a secure account at ${
        formatAddress(relay.line)
      }, whose key is ${formatKey(relay.line.key)}; ${NO_TEXTS}
(The same with --yes registers it; with --legacy it registers an account that writes and reads texts)
`,
    );
    assertEquals(await namesIn(folder.path), []);
  });

  await t.step("is made with its line, keys and packages", async () => {
    const { code, stdout, stderr } = await run(
      "anna",
      "register",
      "anna",
      "--server",
      line,
      "--yes",
    );
    assertEquals([code, stdout.slice(0, 5)], [0, "anna "]);
    assertEquals(
      stderr,
      `${dirOf("anna")}/info.server names ${line} from now on
${dirOf("anna")}/identity.key is your account: keep a copy of it in a safe place
This account is a secure one: ${NO_TEXTS}
`,
    );
    const kept = await Deno.readTextFile(`${dirOf("anna")}/info.server`);
    assertEquals(kept, `${line}\n`);
  });

  await t.step("and isn't used for what needs the legacy port", async () => {
    await Deno.writeTextFile(
      `${dirOf("anna")}/info.server`,
      `${legacy}\n${line}\n`,
    );
    const verbs = [
      ["send", "ben", "hi"],
      ["pull"],
      ["pull", "--watch"],
      ["list"],
      ["key", "ben"],
      ["chat"],
    ];
    for (const args of verbs) {
      const { code, stderr } = await run("anna", ...args);
      assertEquals([args, code], [args, 1]);
      assertStringIncludes(stderr, REFUSED);
    }
    assertEquals((await run("anna", "whoami")).code, 0);
    assertEquals((await run("anna", "history")).code, 0);
  });

  await t.step("nor is it where its key was moved away", async () => {
    const key = `${dirOf("anna")}/identity.key`;
    await Deno.rename(key, `${folder.path}/key`);
    assertStringIncludes((await run("anna", "pull")).stderr, REFUSED);
    const { account } = await findings("anna");
    assertStringIncludes(account, `error: ${key} can't be used: no such file`);
    await Deno.rename(`${folder.path}/key`, key);
  });

  await t.step("an export leaves its keys out", async () => {
    const path = `${folder.path}/archive`;
    const { code, stderr } = await run(
      "anna",
      "export",
      "--unencrypted",
      path,
    );
    assertEquals(code, 0);
    assertStringIncludes(stderr, "Your secure account isn't in it");
    const archive = (await Deno.readFile(path)).toHex();
    const database = new StoreDatabase(dirOf("anna"));
    const { signingSeed, agreementKey } = new OwnAccount(database).row();
    database.close();
    const store = `${dirOf("anna")}/info.store/messages.db`;
    const kept = (await Deno.readFile(store)).toHex();
    for (const key of [signingSeed, agreementKey]) {
      assertEquals(kept.includes(key.toHex()), true);
      assertEquals(archive.includes(key.toHex()), false);
    }
  });

  await t.step("the doctor checks it", async () => {
    const { line, pin, account, packages, mailbox } = await findings("anna");
    const where = formatAddress(relay.line);
    assertEquals(line, `ok: ${where}: the mu:// line is right in form`);
    assertStringIncludes(pin, `ok: ${where} shows the key of its line`);
    assertStringIncludes(account, "ok: anna is a secure account");
    assertStringIncludes(
      packages,
      "ok: At the relay: 100 of 100 single-use key packages, and a weekly one of",
    );
    assertEquals(
      mailbox,
      "ok: At the relay: 0 messages; nothing was fetched yet",
    );
  });

  await t.step("the doctor says what keeps the port from use", async () => {
    const { pin } = await findings(
      "anna",
      (name) => name === "DENO_CERT" ? "/some/file" : "",
    );
    assertStringIncludes(pin, "error: The secure port isn't used while DENO");
  });

  await t.step("no key is made where there is no legacy port", async () => {
    await Deno.mkdir(dirOf("carl"));
    await Deno.writeTextFile(`${dirOf("carl")}/info.server`, `${line}\n`);
    const { code, stderr } = await run("carl", "register", "carl", "--legacy");
    assertEquals([code, stderr], [
      1,
      `error: Only the secure port of the relay is named, by its mu:// line
(Name its ADDRESS:PORT, too)
`,
    ]);
    assertEquals(await namesIn(dirOf("carl")), ["info.server"]);
  });

  await t.step("a legacy account where the user wants one", async () => {
    const { code, stderr } = await run(
      "ben",
      "register",
      "ben",
      "--legacy",
      "--server",
      `${legacy},${line}`,
    );
    assertEquals([code, stderr], [
      0,
      `${dirOf("ben")}/info.server names ${legacy},${line} from now on\n`,
    ]);
    assertEquals((await run("ben", "list", "--all")).stdout, "anna\n");
  });

  await t.step("which is lifted once the user agrees", async () => {
    const asked = await run("ben", "register", "ben", "--lift");
    assertEquals(asked.code, 1);
    assertStringIncludes(
      asked.stderr,
      "Other programs that use this info.me will get no more messages",
    );
    assertEquals((await run("ben", "list")).code, 0);
    const other = await run("ben", "register", "bennie", "--lift", "--yes");
    assertStringIncludes(other.stderr, `This folder's account is "ben"`);
    const done = await run("ben", "register", "ben", "--lift", "--yes");
    assertEquals(done.code, 0, done.stderr);
    assertStringIncludes((await run("ben", "list")).stderr, REFUSED);
    const { account } = await findings("ben");
    assertStringIncludes(account, "ok: ben is a secure account");
  });
});

testWith(LOOPBACK_AND_FILES, "a relay's key by the verb server", async (t) => {
  await using relay = await startSecureRelay(unlimited);
  await using folder = await temporaryFolder();
  const { publicKey } = await generateSigningKey();
  const line = formatRelayLine(relay.line);
  const other = formatRelayLine({ ...relay.line, key: publicKey });
  const file = `${folder.path}/info.server`;
  const run = (...args: string[]) =>
    runHere("", ["--dir", folder.path, ...args]);

  await t.step("is trusted once the user agrees", async () => {
    await Deno.writeTextFile(file, "127.0.0.1:1357\n");
    const { code, stderr } = await run("server", line);
    assertEquals(code, 1);
    assertStringIncludes(
      stderr,
      `Nothing is changed yet: no key is known for 127.0.0.1. The line's key is ${
        formatKey(relay.line.key)
      }`,
    );
    assertEquals((await run("server", line, "--yes")).code, 0);
    const kept = await Deno.readTextFile(file);
    assertEquals(kept, `127.0.0.1:1357\n${line}\n`);
    assertEquals((await run("server")).stdout, kept);
  });

  await t.step("no other line takes its place unasked", async () => {
    const { code, stderr } = await run(
      "register",
      "anna",
      "--server",
      other,
      "--yes",
    );
    assertEquals(code, 1);
    assertStringIncludes(
      stderr,
      "THE LINE HAS ANOTHER KEY FOR 127.0.0.1 THAN info.server",
    );
    const asked = await run("server", other);
    assertStringIncludes(asked.stderr, "127.0.0.1 HAS ANOTHER KEY SO FAR");
    assertEquals(await namesIn(folder.path), ["info.server"]);
  });

  await t.step("a new key stands beside the one before", async () => {
    await run("server", other, "--yes");
    assertEquals(
      (await run("server")).stdout,
      `127.0.0.1:1357\n${other}\n${line}\n`,
    );
    const { code, stderr } = await run("register", "anna", "--yes");
    assertEquals(code, 0, stderr);
  });

  await t.step("or alone, which a relay with the old one fails", async () => {
    await run("server", other, "--only", "--yes");
    assertEquals((await run("server")).stdout, `127.0.0.1:1357\n${other}\n`);
    const { stdout } = await run("doctor");
    assertStringIncludes(stdout, "DOESN'T SHOW THE KEY THAT YOUR LINE SAYS");
  });

  await t.step("nowhere but in a folder", async () => {
    const dir = `${folder.path}/nowhere`;
    const { code, stderr } = await runHere("", [
      "--dir",
      dir,
      "server",
      line,
      "--yes",
    ]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, `${dir}/info.server can't be written: `);
  });

  await t.step("a line that is none is refused", async () => {
    const { code, stderr } = await run("server", line.slice(0, -1), "--yes");
    assertEquals(code, 2);
    assertStringIncludes(stderr, "copy the whole line");
    await Deno.writeTextFile(file, `127.0.0.1:1357\n${line}x\n`);
    const read = await run("server");
    assertStringIncludes(read.stderr, `${file} can't be used: line 2: `);
  });
});
