import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Database } from "@db/sqlite";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { thisPlatform } from "../../../shared/platform/platform.ts";
import { longTest, PROGRAMS, testWith } from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

const TEXT = "words that are found again";
const FILE = "bytes of a file that was sent";

/** Ben, who was sent a text and a file, and others in folders beside. */
async function stage() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const temp = `${folder.path}/tmp`;
  await Deno.mkdir(temp);
  const user = (name: string) =>
    new VerbUser(`${folder.path}/${name}`, relay.address, { TMPDIR: temp });
  const [anna, ben] = [user("anna"), user("ben")];
  await anna.do("register", "anna");
  await ben.do("register", "ben");
  await Deno.writeTextFile(`${folder.path}/sent`, FILE);
  await anna.do("send", "ben", TEXT);
  await anna.do("send-file", "ben", `${folder.path}/sent`);
  const { data } = await ben.do("pull", "--json");
  const saved: string = data.find(({ kind }) => kind === "file").path;
  return {
    path: folder.path,
    user,
    ben,
    saved,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function change(path: string, sql: string): void {
  const database = new Database(path);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** Adds texts of the first contact. */
const manyMessages = (count: number) =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   INSERT INTO messages (contact, outgoing, kind, text, written)
   SELECT 1, 0, 'text', x'6869', i FROM n`;

longTest(
  PROGRAMS,
  "what isn't what export made is refused, and leaves nothing",
  async (t) => {
    await using here = await stage();
    const archive = `${here.path}/archive`;
    const bad = `${here.path}/bad`;
    await here.ben.do("export", "--unencrypted", archive);
    const content = await Deno.readFile(archive);
    const refused = async (words: string, path = bad) => {
      const { code, stderr } = await here.user("fresh").run(
        "",
        "import",
        path,
      );
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, `${path} can't be imported`);
      assertStringIncludes(stderr, words);
      if ((await namesIn(here.path)).includes("fresh")) {
        assertEquals(await namesIn(`${here.path}/fresh`), []);
      }
    };

    const crafted = {
      "a trigger":
        "CREATE TRIGGER backdoor AFTER INSERT ON messages BEGIN DELETE FROM keys; END",
      "a view that never ends":
        "DROP TABLE acks; CREATE VIEW acks AS WITH RECURSIVE n(consumer) AS (SELECT 1 UNION ALL SELECT consumer + 1 FROM n) SELECT consumer, 1 AS message, 1 AS time FROM n",
      "a table of its own": "CREATE TABLE more (one)",
      "a table less": "PRAGMA foreign_keys = OFF; DROP TABLE keys",
      "other columns": "ALTER TABLE messages ADD COLUMN more",
    };
    for (const [what, sql] of Object.entries(crafted)) {
      await t.step(`${what} in it`, async () => {
        await Deno.writeFile(bad, content);
        change(bad, sql);
        await refused("its tables aren't those that export makes");
      });
    }

    await t.step("another version", async () => {
      await Deno.writeFile(bad, content);
      change(bad, "PRAGMA user_version = 99");
      await refused("it is of version 99");
    });

    const damages = {
      "a text": TEXT,
      "a file": FILE,
      // What the digest is of, too.
      "the identity": "ben\n",
    };
    for (const [what, words] of Object.entries(damages)) {
      await t.step(`a byte of ${what} changed`, async () => {
        const bytes = content.slice();
        const at = indexOf(bytes, new TextEncoder().encode(words));
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        await Deno.writeFile(bad, bytes);
        await refused("it is damaged");
      });
    }

    await t.step("a row changed", async () => {
      await Deno.writeFile(bad, content);
      change(bad, "UPDATE messages SET path = '/etc/hostname'");
      await refused("it is damaged");
    });

    await t.step("no file at all", async () => {
      await refused("it is no file", here.path);
      if (thisPlatform.hasModes) {
        await refused("it is no file", "/dev/zero");
      }
      await refused("it is none that export made", `${here.path}/sent`);
      await refused("no such file", `${here.path}/nowhere`);
    });

    await t.step("while the whole one is taken", async () => {
      await here.user("fresh").do("import", archive);
      const { stdout } = await here.user("fresh").run("", "doctor");
      assert(/ok\s+store/.test(stdout), stdout);
    });

    await t.step("doctor misses a table", async () => {
      change(
        `${here.path}/fresh/info.store/messages.db`,
        "PRAGMA foreign_keys = OFF; DROP TABLE acks",
      );
      const { code, stdout } = await here.user("fresh").run("", "doctor");
      assertEquals(code, 1);
      assertStringIncludes(stdout, "acks is missing");
    });
  },
);

longTest(
  PROGRAMS,
  "who registers while an import goes on keeps the folder",
  async (t) => {
    await using here = await stage();
    const archive = `${here.path}/archive`;
    await here.ben.do("export", "--unencrypted", archive);
    const annas = await Deno.readTextFile(`${here.path}/anna/info.me`);

    await t.step("before it was decided", async () => {
      const dir = `${here.path}/meanwhile`;
      await Deno.mkdir(dir);
      const large = `${here.path}/large.archive`;
      change(`${here.path}/ben/info.store/messages.db`, manyMessages(40_000));
      await here.ben.do("export", "--unencrypted", large);
      using watcher = Deno.watchFs(dir);
      const importing = here.user("meanwhile").run("", "import", large);
      for await (const _ of watcher) break;
      await Deno.writeTextFile(`${dir}/info.me`, annas);
      const { code, stderr } = await importing;
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "You are registered already");
      assertEquals(await namesIn(dir), ["info.me"]);
      assertEquals(await Deno.readTextFile(`${dir}/info.me`), annas);
    });

    for (const verb of ["history", "doctor"]) {
      await t.step(`behind it: told by ${verb}`, async () => {
        const dir = `${here.path}/behind-${verb}`;
        await here.user(`ready-${verb}`).do("import", archive);
        await Deno.mkdir(dir);
        await Deno.writeTextFile(`${dir}/info.me`, annas);
        await Deno.rename(`${here.path}/ready-${verb}`, `${dir}/info.import`);
        const person = here.user(`behind-${verb}`);
        const told = await person.run("", verb);
        assertEquals(told.code, verb === "doctor" ? 1 : 8);
        assertStringIncludes(
          told.stdout + told.stderr,
          "The import wasn't finished",
        );
        assertEquals((await person.do("whoami")).stdout.slice(0, 5), "anna ");
        await person.do("history");
        const names = await namesIn(dir);
        assertEquals(names.length, 3, names.join());
      });
    }
  },
);

longTest(
  PROGRAMS,
  "export puts up with what it meets",
  async (t) => {
    await using here = await stage();
    const store = `${here.path}/ben/info.store/messages.db`;

    await t.step("somebody writes to the store meanwhile", async () => {
      const writer = new Database(store);
      try {
        writer.exec("BEGIN IMMEDIATE");
        await here.ben.do(
          "export",
          "--unencrypted",
          `${here.path}/busy.archive`,
        );
        writer.exec("ROLLBACK");
      } finally {
        writer.close();
      }
    });

    await t.step("a large store, and a text sent meanwhile", async () => {
      const many = `${here.path}/many`;
      await Deno.mkdir(`${many}/info.store`, { recursive: true });
      await Deno.copyFile(`${here.path}/ben/info.me`, `${many}/info.me`);
      change(store, "PRAGMA wal_checkpoint(TRUNCATE)");
      await Deno.copyFile(store, `${many}/info.store/messages.db`);
      change(
        `${many}/info.store/messages.db`,
        manyMessages(60_000),
      );
      const busy = here.user("many");
      const to = `${here.path}/many.archive`;
      using watcher = Deno.watchFs(here.path);
      const exporting = busy.do("export", "--unencrypted", to, "--json");
      for await (const _ of watcher) break;
      await busy.do("send", "anna", "meanwhile");
      const { data: [told] } = await exporting;
      assert(told.messages >= 60_000);
    });

    await t.step("a folder in place of a received file", async () => {
      await Deno.remove(here.saved);
      await Deno.mkdir(here.saved);
      const archive = `${here.path}/folder.archive`;
      const { data: [told] } = await here.ben.do(
        "export",
        "--unencrypted",
        archive,
        "--json",
      );
      assertEquals([told.files, told.missing], [0, 1]);
      const read = await here.ben.do(
        "export",
        `${here.path}/read`,
        "--format",
        "jsonl",
        "--json",
      );
      assertEquals([read.data[0].files, read.data[0].missing], [0, 1]);
      // Another machine has something else there.
      await Deno.remove(here.saved);
      await Deno.writeTextFile(here.saved, "a secret");
      const moved = here.user("moved");
      await moved.do("import", archive);
      const { data } = await moved.do("history", "--json");
      const files = data.filter(({ kind }) => kind === "file");
      assertEquals(files.map(({ path }) => path), [null]);
    });

    await t.step("what a killed one left, of its own target only", async () => {
      const left = `${here.path}/left.archive`;
      const other = `${here.path}/other.${crypto.randomUUID()}.part`;
      await Deno.writeTextFile(other, "");
      await Deno.writeTextFile(`${left}.${crypto.randomUUID()}.part`, "");
      await here.ben.do("export", "--unencrypted", left);
      const parts = (await namesIn(here.path))
        .filter((name) => name.endsWith(".part"));
      assertEquals(parts.map((name) => `${here.path}/${name}`), [other]);
    });

    await t.step(
      "names that it doesn't know, flags that don't fit",
      async () => {
        const text = await here.ben.run(
          "",
          "export",
          `${here.path}/nobody`,
          "--format",
          "text",
          "--with",
          "Nobody",
        );
        assertEquals(text.code, 5, text.stderr);
        const whole = await here.ben.run(
          "",
          "export",
          "--unencrypted",
          `${here.path}/nobody`,
          "--with",
          "anna",
        );
        assertEquals(whole.code, 2, whole.stderr);
        assert(!(await namesIn(here.path)).includes("nobody"));
      },
    );
  },
);

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  throw new Error("Expected it to be there");
}

testWith(
  PROGRAMS,
  "nothing that was received stays behind unsaid",
  async () => {
    await using here = await stage();
    const answer = `1700000000000.000000.${crypto.randomUUID()}`;
    const dir = `${here.path}/ben`;
    await Deno.writeTextFile(`${dir}/info.inbox.${answer}`, "x");
    const refused = await here.ben.run(
      "",
      "export",
      "--unencrypted",
      `${here.path}/archive`,
    );
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "Run pull first");
    await Deno.rename(
      `${dir}/info.inbox.${answer}`,
      `${dir}/info.unread.${answer}`,
    );
    const { stderr } = await here.ben.do(
      "export",
      "--unencrypted",
      `${here.path}/archive`,
    );
    assertStringIncludes(stderr, "copy info.unread.* too");
  },
);

testWith(
  PROGRAMS,
  "of imports into one folder that begin at once, one does it all",
  async () => {
    await using here = await stage();
    const archive = `${here.path}/archive`;
    await here.ben.do("export", "--unencrypted", archive);
    const moved = here.user("moved");
    const ends = await Promise.all(
      Array.from({ length: 4 }, () => moved.run("", "import", archive)),
    );
    assertEquals(ends.filter(({ code }) => code === 0).length, 1);
    const { stdout } = await moved.do("history");
    assertStringIncludes(stdout, TEXT);
    assertEquals(await namesIn(`${here.path}/moved`), [
      "info.me",
      "info.server",
      "info.store",
    ]);
  },
);
