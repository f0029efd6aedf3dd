import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { Database } from "@db/sqlite";
import { STYLE } from "../../../server/doctor/doctor.ts";
import { formatFinding, ok, warning } from "../../../shared/cli/finding.ts";
import {
  checkDisk,
  checkRoom,
  judgeRoom,
  judgeSync,
  measureSync,
} from "../../../server/store/sqlite/doctor/folder_checks.ts";
import { checkStore } from "../../../server/store/sqlite/doctor/store_check.ts";
import { platforms } from "../../../shared/platform/platform.ts";
import { lookIntoLinked } from "../../../server/store/sqlite/doctor/linked_database.ts";
import { relayPermissions } from "../../../server/launch/relay_permissions.ts";
import { defaultLimits, openSqliteStore } from "../../../server/mod.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  FILES,
  lacking,
  longTest,
  LOOPBACK_AND_FILES,
  PROGRAMS,
  stepWith,
  testWith,
} from "../../support/test_with.ts";
import { assertFinding } from "../../support/findings.ts";
import { until } from "../../../lab/harness/until.ts";
import { assertRejectsWith } from "../../support/system_errors.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const NAME = "db.defensive";
const NOW = new Date("2026-06-07T08:09:10.111Z");
const anna = new Uint8Array(16).fill(0xa1) as Uint8Array as ClientId;

/** Makes a store with a user, and messages that wait for her. */
async function fill(path: string, messages: number, now = NOW): Promise<void> {
  const store = await openSqliteStore(path);
  const publicKey = new Uint8Array(160);
  await store.register({ id: anna, name: "anna", publicKey }, now);
  for (let i = 0; i < messages; i++) {
    const content = new Uint8Array(2000).fill(i);
    const message = { recipient: anna, sender: anna, content };
    await store.send({ ...message, type: 3 }, { messages: 0, bytes: 0 });
  }
  await store.close();
}

/** All that can be seen of a folder's files. */
async function traces(dir: string): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const name of await namesIn(dir)) {
    const { mtime, size } = await Deno.stat(`${dir}/${name}`);
    const bytes = await Deno.readFile(`${dir}/${name}`);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    seen[name] = `${mtime?.toISOString()} ${size} ${
      encodeHex(new Uint8Array(digest))
    }`;
  }
  return seen;
}

/** Has the database of a folder looked at, which must leave no trace. */
async function lookedAt(dir: string, takeOverFrom?: string) {
  const before = await traces(dir);
  const finding = checkStore(`${dir}/${NAME}`, takeOverFrom);
  assertEquals(await traces(dir), before);
  return finding;
}

/** What `deno task server --doctor` runs. */
const doctor = (dir: string, ...flags: string[]) =>
  Program.launcher([
    "--doctor",
    "--dir",
    dir,
    "--host",
    "127.0.0.1",
    ...flags,
  ]);

/** Few files are opened, so that other tests find some too. */
const FEW = ["--max-connections", "100"] as const;

Deno.test("a line has its verdict and its subject in columns", () => {
  assertEquals(
    formatFinding("port", ok("free"), STYLE),
    "ok   port    free",
  );
  assertEquals(
    formatFinding("memory", warning("1", "add 1"), STYLE),
    "warn memory  1: add 1",
  );
});

Deno.test("a sync is judged by how long it takes", () => {
  assertFinding(judgeSync(0.001), "warn", /takes 1 µs, .*power failure/);
  assertFinding(judgeSync(0.0199), "warn", /too fast/);
  assertFinding(judgeSync(0.02), "ok", /takes 20 µs: about 50,000 commits/);
  assertFinding(judgeSync(0.7), "ok", /takes 700 µs: about 1,429 commits\/s$/);
  assertFinding(judgeSync(50), "ok", /about 20 commits/);
  assertFinding(judgeSync(51), "warn", /no more than 20 messages\/s/);
  assertFinding(judgeSync(5000), "warn", /takes 5 s: about 1 commits\/s/);
});

testWith(FILES, "a disk is measured and nothing stays there", async () => {
  await using folder = await temporaryFolder();
  assert(await measureSync(folder.path) > 0);
  const { what } = await checkDisk(folder.path);
  assertMatch(what, /^a sync takes [\d.,]+ (µs|ms|s)\b/);
  assertEquals(await namesIn(folder.path), []);
  const nowhere = `${folder.path}/nowhere`;
  assertFinding(await checkDisk(nowhere), "bad", /nowhere can't be written/);
  await assertRejectsWith("ENOENT", () => measureSync(nowhere));
});

testWith(PROGRAMS, "a signal leaves nothing of the measuring", async () => {
  await using folder = await temporaryFolder();
  await using program = Program.relay(folder.path, "--doctor", "--port", "0");
  await until(
    "the probe",
    async () =>
      (await namesIn(folder.path)).some((name) => name.includes("probe")),
  );
  program.kill("SIGTERM");
  const { stderr } = await program.end();
  assertMatch(stderr, /error: Stopped\n$/);
  assertEquals(await namesIn(folder.path), []);
}, lacking("signals between programs"));

testWith(PROGRAMS, "a disk in memory is told from a real one", async (t) => {
  // Only a program that may do everything may write there.
  const shm = "/dev/shm";
  let program: Program | undefined;
  try {
    const main = `${ROOT}server/main.ts`;
    const flags = ["--doctor", "--dir", ".", "--port", "0", ...FEW];
    program = Program.deno(["run", "-A", main, ...flags], shm);
  } catch {
    // There is none here.
  }
  await t.step({
    name: program ? shm : `${shm} (skipped: needs such a folder)`,
    ignore: program === undefined,
    fn: async () => {
      const { stdout, stderr } = await program!.end();
      assertMatch(stdout, /^warn disk +a sync takes .* µs, too fast/m, stderr);
    },
  });
  await program?.[Symbol.asyncDispose]();
});

Deno.test("room is judged by what the limits allow", () => {
  const judge = (free: number, total: number, limits = {}) =>
    judgeRoom({ free, total }, { ...defaultLimits, ...limits });
  assertFinding(judge(50 * GIB, 100 * GIB), "ok", /50 GiB of 100 GiB free$/);
  assertFinding(judge(4 * GIB, 100 * GIB), "warn", /make room soon/);
  assertFinding(judge(0.9 * GIB, 2 * GIB), "warn", /make room soon/);
  assertFinding(judge(256 * MIB, 2 * GIB), "warn", /make room soon/);
  assertFinding(judge(256 * MIB - 1, 2 * GIB), "bad", /may need 256 MiB/);
  const large = { maxMessage: GIB };
  assertFinding(judge(2 * GIB, 8 * GIB, large), "bad", /max-message/);
  const greedy = { maxWaitingBytes: 60 * GIB };
  assertFinding(judge(50 * GIB, 100 * GIB, greedy), "warn", /one recipient's/);
});

testWith(FILES, "what nothing tells is no failure", () => {
  assertFinding(
    checkRoom("/nowhere/at/all", defaultLimits),
    "?",
    /free space unknown here: .+/,
  );
});

testWith(FILES, "a store is read without a trace", async (t) => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  const path = `${dir}/${NAME}`;

  await t.step("none", async () => {
    const finding = await lookedAt(dir);
    assertFinding(finding, "ok", /none yet/);
    assertEquals(finding.running, false);
  });

  await t.step("one that nobody uses", async () => {
    await fill(path, 12);
    assertEquals((await namesIn(dir)).includes(`${NAME}-wal`), false);
    const finding = await lookedAt(dir);
    assertFinding(
      finding,
      "ok",
      / 1 user, 12 waiting messages, checked whole in [\d.,]+ (µs|ms)$/,
    );
    assertEquals(finding.latestVisit, NOW);
    assertEquals(finding.running, false);
  });

  await stepWith(t, "one that lies elsewhere", async () => {
    await using other = await temporaryFolder();
    await Deno.symlink(path, `${other.path}/${NAME}`);
    const before = await traces(dir);
    assertFinding(await lookedAt(other.path), "ok", /12 waiting messages/);
    assertEquals(await traces(dir), before);
  }, lacking("symbolic links"));

  await t.step("one that a relay is about to use", async () => {
    using lock = await Deno.open(`${path}-lock`, { create: true, write: true });
    await lock.lock(true);
    const finding = await lookedAt(dir);
    assertFinding(finding, "?", /starting or stopping/);
  });

  await t.step("one that an older relay made", async () => {
    await using older = await temporaryFolder();
    await Deno.copyFile(path, `${older.path}/${NAME}`);
    const database = new Database(`${older.path}/${NAME}`);
    database.exec("PRAGMA user_version = 1");
    database.close();
    assertFinding(await lookedAt(older.path), "ok", /brings its tables up/);
    await Deno.writeFile(`${older.path}/${NAME}`, new Uint8Array());
    assertFinding(await lookedAt(older.path), "ok", /0 users, .*up to date/);
  });
});

testWith(
  PROGRAMS,
  "a store is read beside its relay, and as a crash leaves it",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await fill(`${dir}/${NAME}`, 12);
    await using relay = Program.relay(dir, "--port", "0");
    using peer = await Peer.connect(await relay.address());
    await peer.register("ben");
    await peer.send(anna, anna, new Uint8Array(10));
    const finding = checkStore(`${dir}/${NAME}`, undefined);
    assertFinding(
      finding,
      "ok",
      / 2 users, 13 waiting messages, .*; a relay runs on it now$/,
    );
    assertEquals(finding.running, true);
    const names = ["", "-lock", "-reserve", "-shm", "-wal"].map((end) =>
      NAME + end
    );
    assertEquals(await namesIn(dir), [...names, "relay.key"]);
    relay.kill("SIGKILL");
    await relay.end();
    // What is in the log counts, with its index and without.
    for (const lost of ["-shm", "-lock"]) {
      const finding = await lookedAt(dir);
      assertFinding(finding, "ok", / 2 users, 13 waiting .* (µs|ms)$/);
      assertEquals(finding.running, false);
      await Deno.remove(`${dir}/${NAME}${lost}`);
    }
    assertFinding(await lookedAt(dir), "ok", / 2 users, 13 waiting/);
  },
);

testWith(FILES, "open files keep their names where they must", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/${NAME}`;
  await fill(path, 1);
  for (const platform of [platforms.linux, platforms.windows]) {
    const links = lookIntoLinked(path, () =>
      [...Deno.readDirSync(folder.path)]
        .filter(({ name }) => name.startsWith(".messageu-look-")), platform);
    assertEquals(links.length, platform.removesOpenFiles ? 0 : 1);
    assertEquals(
      (await namesIn(folder.path)).filter((name) => name.startsWith(".")),
      [],
    );
  }
}, lacking("removal of open files"));

/** How a store becomes one that a relay can't use, and what is said of it. */
const broken: Record<string, [(path: string) => Promise<void>, RegExp]> = {
  "was cut": [
    async (path) =>
      await Deno.truncate(path, (await Deno.stat(path)).size / 2 + 100),
    /is damaged \(.+\): keep copies/,
  ],
  "is no database": [
    (path) => Deno.writeTextFile(path, "no database ".repeat(999)),
    /is damaged \(file is not a database\): keep copies/,
  ],
  "has a page of garbage": [async (path) => {
    const bytes = await Deno.readFile(path);
    bytes.fill(0x5a, 4096 * 3, 4096 * 4);
    await Deno.writeFile(path, bytes);
  }, /is damaged \(.+\): keep copies/],
  "has a message of garbage": [async (path) => {
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.fill(0x5a, -4096));
  }, /is damaged \(.* page .*\): keep copies/i],
  "is of a newer relay": [
    (path) => change(path, "PRAGMA user_version = 99"),
    /can't be used, it has schema version 99/,
  ],
  "is another program's": [async (path) => {
    await Deno.remove(path);
    await change(path, "CREATE TABLE things (a)");
  }, /can't be used, it isn't this relay's/],
  "is a folder": [async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  }, /isn't a file: move it away/],
};

// deno-lint-ignore require-await -- the others are asynchronous
async function change(path: string, sql: string): Promise<void> {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

testWith(FILES, "a store that can't be used is named", async (t) => {
  await using good = await temporaryFolder();
  await fill(`${good.path}/${NAME}`, 50);
  for (const [how, [apply, text]] of Object.entries(broken)) {
    await t.step(`one that ${how}`, async () => {
      await using folder = await temporaryFolder();
      const path = `${folder.path}/${NAME}`;
      await Deno.copyFile(`${good.path}/${NAME}`, path);
      await apply(path);
      assertFinding(checkStore(path, undefined), "bad", text);
      assertEquals(await namesIn(folder.path), [NAME]);
    });
  }
  await t.step("one in which a change was cut off isn't judged", async () => {
    await Deno.writeTextFile(`${good.path}/${NAME}-journal`, "unfinished");
    assertFinding(await lookedAt(good.path), "?", /undoes at its start/);
  });
});

testWith(FILES, "what would be taken over is named", async () => {
  await using folder = await temporaryFolder();
  const other = `${folder.path}/defensive.db`;
  await change(
    other,
    `PRAGMA journal_mode = WAL;
    CREATE TABLE clients (ID BLOB, UserName TEXT, PublicKey BLOB, LastSeen TEXT);
    CREATE TABLE messages (ID INTEGER, ToClient BLOB, FromClient BLOB, Type INTEGER, Content BLOB);
    INSERT INTO clients VALUES (randomblob(16), 'old-timer', randomblob(160), '');`,
  );
  const look = () => lookedAt(folder.path, other);
  assertFinding(await look(), "ok", /takes over 1 user and 0 messages from/);
  await change(other, "INSERT INTO clients VALUES ('x', 'y', 'z', '')");
  assertFinding(await look(), "warn", /1 row there can't be used/);
  await change(other, "DROP TABLE messages");
  assertFinding(await look(), "bad", /can't be taken over .*: move it away/);
});

testWith(
  LOOPBACK_AND_FILES,
  "the launcher gives the doctor one more figure of the system",
  async () => {
    await using folder = await temporaryFolder();
    const flags = ["--dir", folder.path, "--port", "0"];
    const relays = await relayPermissions(flags, platforms.linux);
    assertEquals(
      await relayPermissions([...flags, "--doctor"], platforms.linux),
      relays.with(-1, "--allow-sys=statfs,systemMemoryInfo"),
    );
    assertEquals(relays.at(-1), "--allow-sys=statfs");
    // Without modes it looks at the place of the folder.
    assertEquals(
      await relayPermissions([...flags, "--doctor"], platforms.windows),
      [
        ...relays.slice(0, -1),
        "--allow-env=USERPROFILE",
        "--allow-sys=statfs,systemMemoryInfo",
      ],
    );
    assertEquals(await relayPermissions(flags, platforms.windows), relays);
  },
);

longTest(
  PROGRAMS,
  "the doctor's exit code says whether to go on",
  async (t) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/${NAME}`;
    await fill(path, 3, new Date(Date.now() + 7 * 86_400_000));
    const before = await traces(folder.path);

    await t.step("0 with a warning", async () => {
      const program = doctor(folder.path, "--port", "0", ...FEW);
      const { code, stdout, stderr } = await program.end();
      assertEquals({ code, stderr }, { code: 0, stderr: "" }, stdout);
      const lines = stdout.trimEnd().split("\n");
      const subjects = lines.map((line) => line.slice(5).split(" ")[0]);
      assertEquals(
        subjects,
        [
          ...["disk", "room", "store", "clock", "files", "memory"],
          ...["port", "secure", "key"],
        ],
      );
      assertMatch(
        stdout,
        /^(ok|warn) +room +[\d.,]+ \wiB of [\d.,]+ \wiB free/m,
      );
      assertMatch(stdout, /^ok +store +1 user, 3 waiting messages/m);
      assertMatch(stdout, /^warn clock +.* latest visit is of/m);
      assertMatch(stdout, /^(ok|warn) +memory +[\d.,]+ \wiB of/m);
      assertMatch(stdout, /^ok +port +any free one$/m);
    });

    await t.step("1 where flags ask too much", async () => {
      const flags = ["--max-inflight", "1024G", "--max-connections", "1000000"];
      // From a range that is kept for examples: this machine hardly has it.
      const elsewhere = ["--port", "0", "--host", "203.0.113.77"];
      const program = doctor(folder.path, ...elsewhere, ...flags);
      const { code, stdout } = await program.end();
      assertEquals(code, 1);
      assertMatch(stdout, /^bad +memory +.* 1 TiB/m);
      assertMatch(stdout, /^(warn|\?) +files .*1,000,064/m);
      assertMatch(stdout, /^bad +port +can't listen on 203.0.113.77:0 \(/m);
    });
    assertEquals(await traces(folder.path), before);

    await t.step("1 for a port in use and a store that was cut", async () => {
      const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      try {
        await Deno.truncate(path, 5000);
        const port = `${taken.addr.port}`;
        const program = doctor(folder.path, "--port", port, ...FEW);
        const { code, stdout } = await program.end();
        assertEquals(code, 1);
        assertMatch(stdout, /^bad +store .* is damaged/m);
        assertMatch(stdout, new RegExp(`^bad +port .*:${port} is in use`, "m"));
      } finally {
        taken.close();
      }
    });
  },
);
