import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Database } from "@db/sqlite";
import { openSqliteStore } from "../../../server/mod.ts";
import { admin, adminPrints } from "../../support/stores/admin.ts";
import {
  changeDatabase,
  LARGE,
  makeStore,
  someInboxes,
} from "../../support/stores/made_store.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";
import { assertMode } from "../../support/file_mode.ts";

testWith(
  PROGRAMS,
  "a backup holds everything, and restores it",
  async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, someInboxes);
    const backup = `${other.path}/backup.db`;
    assertMatch(
      await adminPrints(dir, "backup", backup),
      /^wrote \S+\/backup\.db: 3 users, 4 waiting messages, 2\.\d MiB\n$/,
    );
    await assertMode(backup, 0o600);
    assertEquals(await admin(dir, "backup", backup), {
      code: 1,
      stdout: "",
      stderr: `error: ${backup} is there already: take another name\n`,
    });
    assertEquals(await namesIn(other.path), ["backup.db"]);
    const path = `${dir}/db.defensive`;
    await Deno.chmod(path, 0o640);
    await adminPrints(dir, "remove", "cora", "--yes");
    const before = (await Deno.readFile(path)).toHex();
    const restored = `: 3 users, 4 waiting messages`;
    assertEquals(
      await adminPrints(dir, "restore", backup, "--yes"),
      `restored ${path} from ${backup}${restored}; what was there before is ${path}-before-restore now\n`,
    );
    assertEquals(
      (await Deno.readFile(`${path}-before-restore`)).toHex(),
      before,
    );
    // Whoever runs the relay has the same leave as before.
    await assertMode(path, 0o640);
    const { users, messages, bytes } = JSON.parse(
      await adminPrints(dir, "stats", "--json"),
    );
    assertEquals([users, messages, bytes], [3, 4, LARGE + 60]);
    assertEquals(await adminPrints(dir, "check"), "all is well\n");

    const empty = `${other.path}/empty`;
    await Deno.mkdir(empty);
    assertEquals(
      await adminPrints(empty, "restore", backup, "--yes"),
      `restored ${empty}/db.defensive from ${backup}${restored}\n`,
    );
    assertEquals(await namesIn(empty), ["db.defensive"]);
    assertEquals(await adminPrints(empty, "check"), "all is well\n");
  },
);

testWith(
  PROGRAMS,
  "restore refuses what is no whole backup, and a store in use",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, someInboxes);
    const path = `${dir}/db.defensive`;
    await adminPrints(dir, "backup", `${dir}/good`);
    const bytes = await Deno.readFile(`${dir}/good`);
    const broken = bytes.slice();
    broken.fill(0x5a, 8192, 12_288);
    await Deno.writeFile(`${dir}/broken`, broken);
    await Deno.writeFile(`${dir}/cut`, bytes.subarray(0, 20_000));
    await Deno.writeTextFile(`${dir}/text`, "no database ".repeat(99));
    await Deno.writeFile(`${dir}/nothing`, new Uint8Array(0));
    changeDatabase(`${dir}/other`, "CREATE TABLE t (x)");
    await Deno.copyFile(`${dir}/good`, `${dir}/newer`);
    changeDatabase(`${dir}/newer`, "PRAGMA user_version = 99");
    const names = await namesIn(dir);
    const before = (await Deno.readFile(path)).toHex();
    const cases: Record<string, RegExp> = {
      missing: /there is no such file/,
      broken: /damaged|malformed/,
      cut: /damaged|malformed/,
      text: /not a database/,
      nothing: /it is empty/,
      other: /it isn't this relay's/,
      newer: /schema version 99, this relay knows \d+: use the newer relay/,
    };
    for (const [name, reason] of Object.entries(cases)) {
      const file = `${dir}/${name}`;
      const { code, stdout, stderr } = await admin(
        dir,
        "restore",
        file,
        "--yes",
      );
      assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, `error: Can't restore ${file}: `);
      assertMatch(stderr, reason);
    }
    const store = await openSqliteStore(path);
    try {
      const { code, stderr } = await admin(dir, "restore", `${dir}/good`);
      assertEquals(code, 1);
      assertEquals(stderr, `error: A relay runs on ${path}: stop it first\n`);
    } finally {
      await store.close();
    }
    assertEquals((await Deno.readFile(path)).toHex(), before);
    assertEquals(await namesIn(dir), names);
  },
);

testWith(
  PROGRAMS,
  "a damaged store is kept with its log, and restored over",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, someInboxes);
    const path = `${dir}/db.defensive`;
    await adminPrints(dir, "backup", `${dir}/good`);
    const damaged = new Uint8Array(5000).fill(1);
    const log = new Uint8Array(300).fill(2);
    await Deno.writeFile(path, damaged);
    await Deno.writeFile(`${path}-wal`, log);
    assertMatch(
      (await admin(dir, "check")).stderr,
      /^error: Can't use the database .*: it is damaged \(file is not a database\)/,
    );
    await adminPrints(dir, "restore", `${dir}/good`, "--yes");
    assertEquals(await adminPrints(dir, "check"), "all is well\n");
    const kept = `${path}-before-restore`;
    assertEquals(await Deno.readFile(kept), damaged);
    assertEquals(await Deno.readFile(`${kept}-wal`), log);
  },
);

testWith(
  PROGRAMS,
  "a store that another program uses isn't restored over",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, someInboxes);
    await adminPrints(dir, "backup", `${dir}/b`);
    const other = new Database(`${dir}/db.defensive`);
    try {
      other.exec("UPDATE messages SET Type = 4");
      other.exec("BEGIN");
      other.prepare("SELECT 1 FROM messages").all();
      const { code, stderr } = await admin(
        dir,
        ...["restore", `${dir}/b`, "--yes"],
      );
      assertEquals(code, 1);
      assertEquals(
        stderr,
        `error: Another program uses ${dir}/db.defensive: wait until it is done, or stop it\n`,
      );
    } finally {
      other.close();
    }
    assertEquals(await namesIn(dir), [
      "b",
      "db.defensive",
      "db.defensive-reserve",
    ]);
  },
);
