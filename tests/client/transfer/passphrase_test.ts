/** How a passphrase gets into the client: typed, and by a file descriptor. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { namesIn, testRelay } from "../../../lab/harness/resources.ts";
import { Screen } from "../../../lab/harness/screen.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { lacking, longTest, SCREENS, SHELL } from "../../support/test_with.ts";
import { clientArguments } from "../../support/clients/verbs.ts";

const SIZE = { columns: 100, rows: 24 };
const SECRET = "open s\u00e9same";
/** Moves the cursor, which means nothing here. */
const LEFT = "\x1b[D";

const client = (...args: string[]) => [
  Deno.execPath(),
  ...clientArguments(...args),
];

longTest(SCREENS, "a passphrase is asked for without echo", async (t) => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const archive = `${stage.path}/archive`;
  const exporting = () =>
    Screen.run(
      SIZE,
      client("export", archive, "--dir", stage.dirOf("anna")),
    );
  const importing = () =>
    Screen.run(
      SIZE,
      client("import", archive, "--dir", stage.dirOf("moved")),
    );
  const end = async (screen: Screen) => {
    const ended = await screen.end();
    assertEquals(ended.restored, true, screen.text);
    assert(!/same|pen s/.test(screen.raw.replaceAll("The same again", "")));
    return ended.code;
  };

  await t.step(
    "Ctrl-C ends the program, and restores the terminal",
    async () => {
      await using screen = await exporting();
      await screen.see("Passphrase for the archive: ");
      screen.type("open\x03");
      assertEquals(await end(screen), 130);
    },
  );

  for (const [signal, code] of [["TERM", 143], ["INT", 130]] as const) {
    await t.step(`so does SIG${signal}`, async () => {
      await using screen = await exporting();
      await screen.see("Passphrase for the archive: ");
      await screen.signal(signal);
      assertEquals(await end(screen), code);
    });
  }

  await t.step("two that differ, or an empty one, export nothing", async () => {
    await using screen = await exporting();
    await screen.see("Passphrase for the archive: ");
    screen.type(`${SECRET}\r`);
    await screen.see("The same again: ");
    screen.type("another\r");
    await screen.see("The two passphrases differ");
    assertEquals(await end(screen), 1);
    await using empty = await exporting();
    await empty.see("Passphrase for the archive: ");
    empty.type("\r");
    await empty.see("The passphrase is empty");
    assertEquals(await end(empty), 1);
    assert(!(await namesIn(stage.path)).includes("archive"));
  });

  await t.step("what is typed again exports", async () => {
    await using screen = await exporting();
    await screen.see("Passphrase for the archive: ");
    // Corrected, started anew, with a key that means nothing.
    screen.type(`mistake\x15open s\u00e9\u00e9\x7f${LEFT}same\r`);
    await screen.see("The same again: ");
    screen.type(`${SECRET}\r`);
    await screen.see("0 messages, 0 files");
    assertEquals(await end(screen), 0);
  });

  await t.step("import asks once", async () => {
    await using wrong = await importing();
    await wrong.see("Passphrase of the archive: ");
    wrong.type("another\r");
    await wrong.see("The passphrase is wrong");
    assertEquals(await end(wrong), 1);
    await using screen = await importing();
    await screen.see("Passphrase of the archive: ");
    screen.type(`${SECRET}\r`);
    await screen.see(/anna [0-9a-f]{32}: 0 messages/);
    assertEquals(await end(screen), 0);
  });

  await t.step("also with the archive on standard input", async () => {
    const command = client("import", "-", "--dir", stage.dirOf("piped"));
    await using screen = await Screen.run(
      SIZE,
      ["sh", "-c", '"$@" < "$0"', archive, ...command],
    );
    await screen.see("Passphrase of the archive: ");
    screen.type(`${SECRET}\r`);
    await screen.see(/anna [0-9a-f]{32}: 0 messages/);
    assertEquals(await end(screen), 0);
  });
}, lacking("pseudo-terminals"));

longTest(SHELL, "a passphrase is read from a file descriptor", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const [archive, secret] = [`${stage.path}/archive`, `${stage.path}/secret`];
  await Deno.writeTextFile(secret, `${SECRET}\n`);
  const shell = async (script: string, command: readonly string[]) =>
    await Program.run("sh", ["-c", script, "sh", ...command], ROOT).end();
  const exporting = client(
    "export",
    archive,
    "--dir",
    stage.dirOf("anna"),
    "--passphrase-fd",
    "3",
  );
  const closed = await shell('"$@" 3<&-', exporting);
  assertEquals(closed.code, 1);
  assertStringIncludes(closed.stderr, "file descriptor 3: it isn't open");
  const endless = await shell('yes | tr -d "\\n" | "$@" 3<&0', exporting);
  assertEquals(endless.code, 1);
  assertStringIncludes(endless.stderr, "one line of 1024 bytes at most");
  const made = await shell(`"$@" 3< '${secret}'`, exporting);
  assertEquals(made.code, 0, made.stderr);
  const taken = await shell(
    `cat '${archive}' | { cat '${secret}' | "$@" 4<&0 <&5; } 5<&0`,
    client(
      "import",
      "-",
      "--dir",
      stage.dirOf("moved"),
      "--passphrase-fd",
      "4",
    ),
  );
  assertEquals(taken.code, 0, taken.stderr);
  assertStringIncludes(taken.stdout, "anna ");
}, lacking("Unix shell"));
