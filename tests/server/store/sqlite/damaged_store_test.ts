import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Database } from "@db/sqlite";
import { equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import { responseHeader } from "../../../../shared/wire/frames.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import { Program } from "../../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../../lab/harness/resources.ts";
import { until } from "../../../../lab/harness/until.ts";
import {
  lacking,
  longTest,
  PROGRAMS,
  testWith,
} from "../../../support/test_with.ts";
import { pullRequest } from "../../../../kit/requests.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

const PAGE = 4096;
const NAME = "db.defensive";
/** May lie beside any database: the lock of whoever used it last. */
const LOCK = `${NAME}-lock`;
/** Lies beside a log and is made anew from it by whoever reads it. */
const INDEX = `${NAME}-shm`;

const relayIn = (dir: string) => Program.relay(dir, "--port", "0");

/** A folder with a relay's database, whose messages wait for one client. */
async function filledFolder(count: number, size: number) {
  const folder = await temporaryFolder();
  await using program = relayIn(folder.path);
  using peer = await Peer.connect(await program.address());
  const anna = await peer.register("anna");
  for (let i = 0; i < count; i++) {
    await peer.send(anna, anna, new Uint8Array(size).fill(i));
  }
  await program.stop();
  assertEquals((await program.end()).code, 0);
  const database = `${folder.path}/${NAME}`;
  // What were left in a log would be read from there, damaged or not.
  const file = new Database(database);
  file.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  file.close();
  return { ...folder, anna, database };
}

/** Digests of what lies in a folder, but for the lock. */
async function contentsOf(dir: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const name of await namesIn(dir)) {
    if (name === LOCK) continue;
    if (name === INDEX) {
      digests[name] = "an index";
      continue;
    }
    const { isFile } = await Deno.stat(`${dir}/${name}`);
    if (!isFile) {
      digests[name] = "no file";
      continue;
    }
    const bytes = await Deno.readFile(`${dir}/${name}`);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    digests[name] = encodeHex(new Uint8Array(digest));
  }
  return digests;
}

/** A relay in this folder says what is wrong and what to do, and touches nothing. */
async function assertRefused(
  dir: string,
  reason: RegExp,
  advice: RegExp,
): Promise<void> {
  const before = await contentsOf(dir);
  await using program = relayIn(dir);
  await assertRejects(() => program.prints(/listening/), Error, "Expected");
  const { code, stdout, stderr } = await program.end();
  assertEquals({ code, stdout }, { code: 1, stdout: "" }, stderr);
  const start = `error: Can't use the database ${dir}/${NAME}: `;
  assertEquals(stderr.slice(0, start.length), start);
  assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  assertMatch(stderr, reason);
  assertMatch(stderr, advice);
  assertEquals(await contentsOf(dir), before);
}

testWith(PROGRAMS, "a folder in the database's place is named", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(`${folder.path}/${NAME}`);
  await assertRefused(folder.path, /folder|directory/, /move|--db|--dir/i);
});

testWith(PROGRAMS, "a database without permission is named", async (t) => {
  const unable = await permissionsBind()
    ? ""
    : " (skipped: needs a user whom permissions bind)";
  await t.step({
    name: `its file${unable}`,
    ignore: unable !== "",
    fn: async () => {
      await using folder = await filledFolder(1, 100);
      for (const mode of [0o000, 0o400]) {
        await Deno.chmod(folder.database, 0o600);
        const before = await contentsOf(folder.path);
        await Deno.chmod(folder.database, mode);
        await using program = relayIn(folder.path);
        await assertRejects(() => program.prints(/listening/));
        const { code, stderr } = await program.end();
        assertEquals(code, 1);
        assertMatch(stderr, /^error: Can't use the database .*\n$/);
        assertMatch(stderr, /permission|read-?only|chmod/i);
        await Deno.chmod(folder.database, 0o600);
        assertEquals(await contentsOf(folder.path), before);
      }
    },
  });
  await t.step({
    name: `its folder${unable}`,
    ignore: unable !== "",
    fn: async () => {
      await using folder = await temporaryFolder();
      await Deno.chmod(folder.path, 0o500);
      try {
        await assertRefused(folder.path, /permission/i, /permission|--dir/i);
      } finally {
        await Deno.chmod(folder.path, 0o700);
      }
    },
  });
});

longTest(
  PROGRAMS,
  "a second relay on one database gives way, until the first one has ended",
  async () => {
    await using folder = await temporaryFolder();
    await using first = relayIn(folder.path);
    using peer = await Peer.connect(await first.address());
    const anna = await peer.register("anna");
    const registered = lastSeenIn(folder.path);
    await until("a later time", () => new Date().toISOString() > registered);
    await peer.send(anna, anna, new Uint8Array(100));
    // Written within a second: only then do the first one's files stand still.
    await until("the visit", () => lastSeenIn(folder.path) !== registered);
    await assertRefused(folder.path, /another relay/, /stop|--dir/);
    // The first one goes on.
    assertEquals((await peer.pull(anna)).length, 1);
    assertEquals(await peer.send(anna, anna, new Uint8Array(10)), 2);
    first.kill("SIGKILL");
    await first.end();
    await using third = relayIn(folder.path);
    using again = await Peer.connect(await third.address());
    assertEquals((await again.pull(anna)).at(-1), "00".repeat(10));
  },
);

/** When the only user of a database was last seen. */
function lastSeenIn(dir: string): string {
  const database = new Database(`${dir}/${NAME}`, { readonly: true });
  try {
    return database.prepare<{ seen: string }>(
      "SELECT LastSeen AS seen FROM activity",
    ).get()?.seen ?? "";
  } finally {
    database.close();
  }
}

/** How a file is damaged. */
const damages: Record<string, (path: string) => Promise<void>> = {
  "has garbage for a header": (path) => overwrite(path, 0, 100),
  "is cut in the middle of a page": async (path) =>
    await Deno.truncate(path, await sizeOf(path) / 2 + PAGE / 2),
  "is cut between two pages": async (path) =>
    await Deno.truncate(path, Math.floor(await sizeOf(path) / PAGE / 2) * PAGE),
  "was cut to nothing but its header": async (path) =>
    await Deno.truncate(path, PAGE),
  "has garbage for its first pages": (path) => overwrite(path, PAGE, 10 * PAGE),
  "has garbage in the middle": async (path) => {
    const middle = Math.floor(await sizeOf(path) / PAGE / 2) * PAGE;
    await overwrite(path, middle, 5 * PAGE);
  },
  "has zeros for its last pages": async (path) =>
    await overwrite(path, await sizeOf(path) - 20 * PAGE, 20 * PAGE, 0),
};

longTest(
  PROGRAMS,
  "a damaged database is refused and left as it is",
  async (t) => {
    await using good = await filledFolder(300, 2000);
    for (const [damage, apply] of Object.entries(damages)) {
      await t.step(`one that ${damage}`, async () => {
        await using folder = await temporaryFolder();
        const path = `${folder.path}/${NAME}`;
        await Deno.copyFile(good.database, path);
        await apply(path);
        await assertRefused(
          folder.path,
          /malformed|damaged|corrupt|not a database|isn't a database/i,
          /restore|backup|move it away|--db|--dir/i,
        );
      });
    }
    await t.step("the undamaged one is taken", async () => {
      await using program = relayIn(good.path);
      using peer = await Peer.connect(await program.address());
      assertEquals((await peer.pull(good.anna)).length > 0, true);
    });
  },
);

longTest(
  PROGRAMS,
  "damage that shows while the relay runs ends it with a sentence",
  async () => {
    // More than SQLite keeps in memory, so that it has to read the damage.
    await using folder = await filledFolder(150, 60_000);
    await using program = relayIn(folder.path);
    using peer = await Peer.connect(await program.address());
    const size = await sizeOf(folder.database);
    const half = Math.floor(size / PAGE / 2) * PAGE;
    await overwrite(folder.database, half, size - half);
    const damaged = await Deno.readFile(folder.database);
    // Each pull takes what the one before it was handed.
    for (let pulls = 0;; pulls++) {
      assert(pulls < 150, "the damage was noticed");
      await peer.write(
        pullRequest(folder.anna),
      );
      // Where nobody knows what is kept, nothing is answered.
      const answer = await peer.responseBytes();
      if (answer === null) break;
      assertEquals(responseHeader.decode(answer.subarray(0, 7)).code, 2104);
    }
    await assertEndsDamaged(program, folder.database);
    const left = await Deno.readFile(folder.database);
    assertEquals(left.length, damaged.length);
    assert(equals(left.subarray(half), damaged.subarray(half)), "untouched");
  },
);

longTest(
  PROGRAMS,
  "damage that shows in the middle of an answer ends the relay as well",
  async () => {
    await using folder = await filledFolder(1, 6 * 1024 * 1024);
    await using program = relayIn(folder.path);
    using peer = await Peer.connect(await program.address());
    await overwrite(folder.database, await sizeOf(folder.database) / 2, PAGE);
    await peer.write(
      pullRequest(folder.anna),
    );
    assertEquals(await peer.responseBytes(), null);
    await assertEndsDamaged(program, folder.database);
  },
);

longTest(
  PROGRAMS,
  "a damaged database that still has its log is left as it is",
  async () => {
    await using folder = await filledFolder(300, 2000);
    await using program = relayIn(folder.path);
    using peer = await Peer.connect(await program.address());
    await peer.send(folder.anna, folder.anna, new Uint8Array(100));
    program.kill("SIGKILL");
    await program.end();
    const middle = Math.floor(await sizeOf(folder.database) / PAGE / 2) * PAGE;
    await overwrite(folder.database, middle, 5 * PAGE);
    assert(await sizeOf(`${folder.database}-wal`) > 0);
    await assertRefused(folder.path, /damaged/, /restore|backup/);
  },
);

longTest(
  PROGRAMS,
  "a log without its database is left as it is",
  async (t) => {
    await using folder = await filledFolder(1, 100);
    await using program = relayIn(folder.path);
    using peer = await Peer.connect(await program.address());
    await peer.send(folder.anna, folder.anna, new Uint8Array(100));
    program.kill("SIGKILL");
    await program.end();
    await t.step("where the database is empty", async () => {
      await Deno.truncate(folder.database);
      await assertRefused(folder.path, /missing or empty/, /put.*back|move/);
    });
    await t.step("where there is none", async () => {
      await Deno.remove(folder.database);
      await assertRefused(folder.path, /missing or empty/, /put.*back|move/);
    });
  },
);

longTest(
  PROGRAMS,
  "a link to a database is the database, with its lock and its log",
  async () => {
    await using folder = await filledFolder(1, 100);
    await using other = await temporaryFolder();
    const link = `${other.path}/${NAME}`;
    await Deno.symlink(folder.database, link);
    await using first = relayIn(folder.path);
    await first.address();
    await using second = relayIn(other.path);
    await assertRejects(() => second.prints(/listening/));
    const { code, stderr } = await second.end();
    assertEquals(code, 1);
    assertMatch(stderr, /^error: Can't use the database .*another relay/);
    await first.stop();
    await first.end();
    await using third = relayIn(other.path);
    using peer = await Peer.connect(await third.address());
    assertEquals((await peer.pull(folder.anna)).length, 1);
    assertEquals(await namesIn(other.path), [NAME, "relay.key"]);
    await Deno.remove(link);
    await Deno.symlink(`${folder.path}/none`, link);
    await using fourth = relayIn(other.path);
    await assertRejects(() => fourth.prints(/listening/));
    assertMatch((await fourth.end()).stderr, /^error: .*a link to .*\n$/);
    assertEquals((await namesIn(folder.path)).includes("none"), false);
  },
  lacking("symbolic links"),
);

/** The relay ends by itself and says why. */
async function assertEndsDamaged(
  program: Program,
  database: string,
): Promise<void> {
  const { code, stderr } = await program.end();
  assertEquals(code, 1);
  const start = `error: ${database}: it is damaged`;
  assertEquals(stderr.slice(0, start.length), start);
  assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  assertMatch(stderr, /restore|backup/);
}

/** Whether a file's mode can keep us from it: root reads everything. */
async function permissionsBind(): Promise<boolean> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/closed`;
  await Deno.writeTextFile(path, "closed", { mode: 0o000 });
  try {
    await Deno.readTextFile(path);
    return false;
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return true;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await Deno.stat(path)).size;
}

/** Writes garbage over a part of a file, or one byte again and again. */
async function overwrite(
  path: string,
  at: number,
  size: number,
  byte?: number,
): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(at, Deno.SeekMode.Start);
  const garbage = Uint8Array.from(
    { length: size },
    (_, i) => byte ?? (i * 151 + 17) % 256,
  );
  for (let sent = 0; sent < size;) {
    sent += await file.write(garbage.subarray(sent));
  }
}
