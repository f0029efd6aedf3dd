import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { describeFailure, UserError } from "../../../client/errors.ts";
import { takeFolder } from "../../../client/store/folder.ts";
import { importIdentity } from "../../../client/transfer/import_identity.ts";
import { formatInfoMe } from "../../../shared/folder/info_files.ts";
import { parseInfoMe } from "../../../shared/identity/parse_identity.ts";
import {
  dashed,
  formsOf,
  join,
  keyAs,
  type Somebody,
} from "../../support/clients/identity_forms.ts";
import { mistakesWith } from "../../support/clients/identity_mistakes.ts";
import { Program } from "../../../lab/harness/program.ts";
import {
  fileRelay,
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { assertMode } from "../../support/file_mode.ts";
import {
  lacking,
  longTest,
  PROGRAMS,
  SHELL,
  testWith,
} from "../../support/test_with.ts";
import { clientArguments, VerbUser } from "../../support/clients/verbs.ts";
import cryptopp from "../../../lab/recordings/cryptopp.json" with {
  type: "json",
};
import noa from "../../../lab/recordings/noa.json" with { type: "json" };
import { assertRejectsWith } from "../../support/system_errors.ts";

const anna: Somebody = {
  name: "anna",
  id: "f60e79fe3ac74b48ac4e6fdb923c68d6",
  pkcs8: Uint8Array.fromHex(cryptopp.rsa.private_der_hex),
};
/** What looks like a key. */
const KEY = /[A-Za-z0-9+/]{40}/;
/** What we write of her. */
const OURS = `anna\n${anna.id}\n${cryptopp.rsa.private_base64_no_breaks}\n`;

/** Forms and mistakes that go through a process; the others are read in this one. */
const BY_PROCESS = 3;

/** No import here needs a relay. */
const unregistered = () => Promise.reject(new Error("no registration"));

/** A folder, where files are imported from and into others. */
async function stage() {
  const folder = await temporaryFolder();
  let count = 0;
  return {
    path: folder.path,
    async file(content: Uint8Array | string): Promise<string> {
      const path = `${folder.path}/file-${++count}`;
      await Deno.writeFile(path, join(content));
      return path;
    },
    /** Somebody in a new folder. */
    fresh() {
      const dir = `${folder.path}/new-${++count}`;
      return { dir, user: new VerbUser(dir) };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function identityIn(dir: string): Promise<string> {
  assertEquals(await namesIn(dir), ["info.me"]);
  await assertMode(`${dir}/info.me`, 0o600);
  return await Deno.readTextFile(`${dir}/info.me`);
}

testWith(PROGRAMS, "each form of an identity becomes ours", async () => {
  await using here = await stage();
  const found = /the name on line \d.*, the key on line/;
  for (
    const [index, [form, content]] of Object.entries(formsOf(anna)).entries()
  ) {
    const path = await here.file(content);
    const { dir, user } = here.fresh();
    if (index < BY_PROCESS) {
      const { stdout, stderr } = await user.do("import-identity", path);
      assertEquals(stdout, `anna ${anna.id}\n`, form);
      assertMatch(stderr, new RegExp(`^Found .*${found.source}`, "m"));
    } else {
      const imported = await importIdentity(dir, path, unregistered);
      assertEquals(imported.me.name, "anna", form);
      assertEquals(imported.me.clientId.toHex(), anna.id, form);
      assertMatch(imported.found.join(", "), found);
    }
    assertEquals(await identityIn(dir), OURS, form);
    assertEquals(await Deno.readFile(path), content, "it stays as it is");
  }
});

testWith(PROGRAMS, "recorded files of other programs become ours", async () => {
  await using here = await stage();
  const recorded = Object.values(noa.clients).flatMap((client) =>
    "client_id_hex" in client ? [client] : []
  );
  assertEquals(recorded.length, 4);
  for (const client of recorded) {
    const path = await here.file(Uint8Array.fromHex(client.info_file_hex));
    const { dir, user } = here.fresh();
    await user.do("import-identity", path);
    assertEquals(
      await identityIn(dir),
      [
        client.username,
        client.client_id_hex,
        Uint8Array.fromHex(client.private_key_pkcs8_hex).toBase64(),
        "",
      ].join("\n"),
    );
  }
  const { private_base64_default } = cryptopp.rsa;
  const path = await here.file(
    `anna\r\n${dashed(anna.id)}\r\n${private_base64_default}`,
  );
  const { dir, user } = here.fresh();
  await user.do("import-identity", path);
  assertEquals(await identityIn(dir), OURS);
});

testWith(PROGRAMS, "what can't be imported is called what it is", async (t) => {
  await using here = await stage();
  const nothingIsLeft = (dir: string) =>
    assertRejectsWith("ENOENT", () => Deno.stat(dir));
  const refused = async (
    args: string[],
    input = "",
  ): Promise<{ code: number; stderr: string }> => {
    const { dir, user } = here.fresh();
    const { code, stdout, stderr } = await user.run(
      input,
      "import-identity",
      ...args,
    );
    assertEquals(stdout, "");
    await nothingIsLeft(dir);
    assert(!KEY.test(stderr), "no key is shown");
    return { code, stderr };
  };

  await t.step("files with a mistake in them", async () => {
    const mistakes = Object.entries(mistakesWith(anna));
    for (const [index, [what, mistake]] of mistakes.entries()) {
      const path = await here.file(mistake.content);
      let said: string;
      if (index < BY_PROCESS) {
        const { code, stderr } = await refused([path]);
        assertEquals(code, 1, what);
        said = stderr.replace(/^error: /, "");
      } else {
        const { dir } = here.fresh();
        const error = await assertRejects(
          () => importIdentity(dir, path, unregistered),
          UserError,
        );
        assertEquals(error.code, "failure", what);
        said = describeFailure(error);
        assert(!KEY.test(said), "no key is shown");
        await nothingIsLeft(dir);
      }
      const [message = "", hint = ""] = said.split("\n");
      assert(message.startsWith(`${path} can't be imported: `), what);
      assertStringIncludes(message, mistake.says);
      assertStringIncludes(hint, mistake.advises);
    }
  });

  await t.step("files of another kind, and none", async () => {
    await using relay = await fileRelay();
    const { dir, user } = here.fresh();
    await Deno.mkdir(dir);
    await Deno.writeTextFile(`${dir}/info.me`, OURS);
    const archive = `${here.path}/archive`;
    await user.do("export", "--unencrypted", archive);
    const cases: [string, string, string][] = [
      [archive, "it is what export made", "import FILE"],
      [`${relay.dir}/db.defensive`, "a relay's db.defensive", "info.me"],
      [here.path, "it is a folder", "my.info"],
      [`${here.path}/nothing`, "it isn't there", "me.info or my.info"],
    ];
    for (const [path, says, advises] of cases) {
      const { code, stderr } = await refused([path]);
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, `${path} can't be imported: `);
      assertStringIncludes(stderr, says);
      assertStringIncludes(stderr, advises);
    }
    const { stderr } = await refused(["-"], "anna\n");
    assertStringIncludes(stderr, "Standard input can't be imported: line 2");
    assertEquals((await refused([])).code, 2);
  });
});

testWith(
  PROGRAMS,
  "an identity is taken from standard input, as JSON",
  async () => {
    await using here = await stage();
    const { user } = here.fresh();
    const large =
      generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    const { code, data, stderr } = await user.run(
      `anna\n${anna.id}\n${large.export({ type: "pkcs8", format: "pem" })}`,
      "import-identity",
      "-",
      "--json",
    );
    assertEquals(code, 0, stderr);
    assertEquals(data, [{ type: "identity", name: "anna", id: anna.id }]);
    const notes = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(notes.map(({ type }) => type), ["note", "note", "note"]);
    assertMatch(notes[0].message, /^Found .* as PKCS#8 in PEM$/);
    assertMatch(notes[1].message, /^Warning: .* takes 162 bytes/);
    assertEquals((await user.do("whoami", "--json")).data, data);
    const { data: checks } = await user.run("", "doctor", "--json");
    const mine = checks.find(({ subject }) => subject === "identity");
    assertEquals(mine.verdict, "warning");
    assertStringIncludes(mine.what, "65537");
  },
);

testWith(PROGRAMS, "no identity is written over", async () => {
  await using here = await stage();
  const path = await here.file(formsOf(anna)["PKCS#1 in PEM"] ?? "");
  for (const name of ["info.me", "me.info", "my.info"]) {
    const { dir, user } = here.fresh();
    await Deno.mkdir(dir);
    await Deno.writeTextFile(`${dir}/${name}`, "whatever it is");
    const { code, stderr } = await user.run("", "import-identity", path);
    assertEquals(code, 1);
    assertStringIncludes(
      stderr,
      `You are registered already: ${dir}/${name} exists`,
    );
    const itself = await user.run("", "import-identity", `${dir}/${name}`);
    assertEquals(itself.code, 1);
    assertStringIncludes(itself.stderr, "nothing has to be imported");
    assertEquals(await namesIn(dir), [name]);
    assertEquals(await Deno.readTextFile(`${dir}/${name}`), "whatever it is");
  }
  const { dir, user } = here.fresh();
  await Deno.writeTextFile(dir, "no folder");
  assertEquals((await user.run("", "import-identity", path)).code, 8);
});

testWith(
  SHELL,
  "what a killed import left is there until it is imported",
  async () => {
    await using here = await stage();
    const { dir, user } = here.fresh();
    await Deno.mkdir(dir);
    const left = `${dir}/info.import.${crypto.randomUUID()}.part`;
    await Deno.writeTextFile(left, OURS);
    // No file can be written, as on a full disk.
    const script = `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`;
    const verb = ["import-identity", left, "--dir", dir];
    await using full = Program.run("sh", [
      ...["-c", script, Deno.execPath(), ...clientArguments(...verb)],
    ]);
    const { code, stderr } = await full.end();
    assertEquals(code, 8);
    assertStringIncludes(stderr, "has room");
    assertEquals(await Deno.readTextFile(left), OURS);
    await user.do("import-identity", left);
    assertEquals(await identityIn(dir), OURS);
  },
  lacking("Unix shell"),
);

testWith(PROGRAMS, "a lock that somebody removed is no failure", async () => {
  await using here = await stage();
  const { dir } = here.fresh();
  const lock = await takeFolder(dir);
  await Deno.remove(`${dir}/info.import.lock`);
  lock[Symbol.dispose]();
  assertEquals(await namesIn(dir), []);
});

testWith(SHELL, "an identity that is a pipe isn't waited for", async () => {
  await using here = await stage();
  const { dir, user } = here.fresh();
  await Deno.mkdir(dir);
  await using shell = Program.run("sh", ["-c", `mkfifo '${dir}/info.me'`]);
  await shell.end();
  const { code, stderr } = await user.run("", "whoami");
  assertEquals(code, 8);
  assertStringIncludes(stderr, "it is no file");
}, lacking("Unix shell"));

longTest(PROGRAMS, "killed at any moment: nothing or all of it", async () => {
  await using here = await stage();
  const path = await here.file(formsOf(anna)["PKCS#1 in PEM"] ?? "");
  const outcomes = new Set<number>();
  for (let events = 1; events <= 8; events++) {
    const { dir, user } = here.fresh();
    await Deno.mkdir(dir);
    using watcher = Deno.watchFs(dir);
    {
      await using program = user.start("import-identity", path);
      const ended = program.end();
      const seen = (async () => {
        let count = 0;
        for await (const _ of watcher) if (++count === events) return;
      })();
      await Promise.race([seen, ended]);
    }
    const { code } = await user.run("", "whoami");
    outcomes.add(code);
    if (code !== 0) await user.do("import-identity", path);
    assertEquals(await Deno.readTextFile(`${dir}/info.me`), OURS);
    for (const name of await namesIn(dir)) {
      assertMatch(name, /^info\.(me|import\.lock|import\..*\.part)$/);
    }
  }
  for (const code of outcomes) assert([0, 7].includes(code), `${code}`);
});

testWith(
  PROGRAMS,
  "whoever was registered receives in the new folder",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const env = { TMPDIR: folder.path };
    const user = (name: string) =>
      new VerbUser(`${folder.path}/${name}`, relay.address, env);
    const [old, ben] = [user("old"), user("ben")];
    const { data: [me] } = await old.do("register", "anna", "--json");
    await ben.do("register", "ben");
    await ben.do("send", "anna", "Hello Anna! שלום 🎉");
    const { privateKey } = await parseInfoMe(
      await Deno.readFile(`${folder.path}/old/info.me`),
    );
    const foreign = `${folder.path}/my.info`;
    await Deno.writeFile(
      foreign,
      join(
        `anna${"\0".repeat(251)}\r\n{${dashed(me.id).toUpperCase()}}\r\n`,
        keyAs(privateKey, "pkcs1").pem.replaceAll("\n", "\r\n"),
      ),
    );

    await t.step("what was sent to it before", async () => {
      const moved = user("moved");
      const told = await moved.do("import-identity", foreign, "--json");
      assertEquals(told.data, [me]);
      assertEquals(
        await Deno.readTextFile(`${folder.path}/moved/info.me`),
        await Deno.readTextFile(`${folder.path}/old/info.me`),
      );
      const { data } = await moved.do("pull", "--json");
      assertEquals(
        data.map(({ kind, text }) => text ?? kind),
        ["key", "Hello Anna! שלום 🎉"],
      );
      await moved.do("send", "ben", "from the new folder");
      assertMatch(
        (await ben.do("pull")).stdout,
        /from anna: from the new folder/,
      );
      const { stdout } = await moved.do("doctor");
      assertStringIncludes(stdout, "You are anna, and your key is usable");
    });

    await t.step(
      "where it is used as it is, and exported from there",
      async () => {
        await Deno.mkdir(`${folder.path}/place`);
        await Deno.writeFile(
          `${folder.path}/place/my.info`,
          join("anna\n", Uint8Array.fromHex(me.id), "\n", privateKey),
        );
        const inPlace = user("place");
        const carl = user("carl");
        await carl.do("register", "carl");
        await carl.do("send", "anna", "and now?");
        assertEquals((await inPlace.do("whoami", "--json")).data, [me]);
        assertMatch((await inPlace.do("pull")).stdout, /from carl: and now\?/);
        const archive = `${folder.path}/archive`;
        await inPlace.do("export", "--unencrypted", archive);
        await user("again").do("import", archive);
        assertEquals(
          await Deno.readTextFile(`${folder.path}/again/info.me`),
          formatInfoMe(await parseInfoMe(await Deno.readFile(foreign))),
        );
      },
    );
  },
);
