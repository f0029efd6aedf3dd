import { assert, assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import { openSqliteStore } from "../../server/mod.ts";
import { adminPrints, startAdmin } from "../support/admin.ts";
import { idOf, makeStore } from "../support/made_store.ts";
import { namesIn, temporaryFolder } from "../support/resources.ts";
import { PROGRAMS, testWith } from "../support/test_with.ts";
import { until } from "../support/until.ts";

/** Enough for several batches, and for a copy that takes a while. */
const MANY = 6000;

/** Messages in a store that nobody writes any more. */
function countMessages(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare<{ n: number }>(
      "SELECT count(*) AS n FROM messages",
    ).get()?.n ?? -1;
  } finally {
    database.close();
  }
}

async function withStore(
  check: (dir: string, path: string) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  await makeStore(folder.path, {
    anna: Array.from({ length: MANY }, () => 500),
    ben: [3_000_000, 4_000_000],
  });
  await check(folder.path, `${folder.path}/db.defensive`);
}

/** Starts it, waits for a sign that it is at work, and kills it, if it isn't done by then. */
async function kill(
  dir: string,
  isAtWork: () => boolean | Promise<boolean>,
  ...args: string[]
): Promise<void> {
  await using program = await startAdmin(dir, ...args);
  let isDone = false;
  const ending = program.exitCode().then(() => isDone = true);
  await until("it to be at work", async () => isDone || await isAtWork());
  if (!isDone) program.kill("SIGKILL");
  await ending;
}

testWith(
  PROGRAMS,
  "a purge that is killed leaves a whole store, and can be gone on with",
  async () => {
    await withStore(async (dir, path) => {
      const args = ["purge", "--older-than", "1s"];
      // What waits has to be old enough.
      const database = new Database(path);
      database.exec("UPDATE messages SET Arrived = 1");
      database.close();
      const some = () => countMessages(path) < MANY;
      await kill(dir, some, ...args);
      assert(countMessages(path) < MANY, "it was at work");
      assertEquals(await adminPrints(dir, "check"), "all is well\n");
      await adminPrints(dir, ...args);
      assertEquals(countMessages(path), 0);
      assertEquals(await adminPrints(dir, "check"), "all is well\n");
    });
  },
);

testWith(
  PROGRAMS,
  "a removal that is killed leaves the user, and can be gone on with",
  async () => {
    await withStore(async (dir, path) => {
      const some = () => countMessages(path) < MANY;
      await kill(dir, some, "remove", "anna", "--yes");
      assertEquals(await adminPrints(dir, "check"), "all is well\n");
      const store = await openSqliteStore(path);
      try {
        // Unless it was faster than the kill.
        if (await store.position(idOf(1)) === undefined) return;
        const id = await store.send({
          recipient: idOf(1),
          sender: idOf(1),
          type: 3,
          content: new Uint8Array(1),
        }, { messages: 0, bytes: 0 });
        assertEquals(Number(id), MANY + 1);
      } finally {
        await store.close();
      }
      await adminPrints(dir, "remove", "anna", "--yes");
      assertEquals(countMessages(path), 2);
      assertEquals(await adminPrints(dir, "check"), "all is well\n");
    });
  },
);

testWith(
  PROGRAMS,
  "a backup that is killed leaves nothing under its name",
  async () => {
    await withStore(async (dir, path) => {
      const before = (await Deno.readFile(path)).toHex();
      const begun = async () =>
        (await namesIn(dir)).some((name) => name.startsWith("b.partial-"));
      await kill(dir, begun, "backup", `${dir}/b`);
      const names = await namesIn(dir);
      if (names.includes("b")) {
        // It was faster than the kill: then it is whole.
        assertEquals(countMessages(`${dir}/b`), MANY + 2);
      }
      assertEquals((await Deno.readFile(path)).toHex(), before);
      assertEquals(await adminPrints(dir, "check"), "all is well\n");
      await adminPrints(dir, "backup", `${dir}/c`);
    });
  },
);

testWith(
  PROGRAMS,
  "a restore that is killed at any moment leaves the old or the new",
  async () => {
    await withStore(async (dir, path) => {
      await adminPrints(dir, "backup", `${dir}/b`);
      await adminPrints(dir, "remove", "anna", "--yes");
      const signs = [".partial-", "-restoring", "-before-restore"];
      for (const sign of signs) {
        const begun = async () =>
          (await namesIn(dir)).some((name) => name.includes(sign));
        await kill(dir, begun, "restore", `${dir}/b`, "--yes");
        assertEquals(await adminPrints(dir, "check"), "all is well\n");
        const count = countMessages(path);
        assert(count === 2 || count === MANY + 2, `${count} messages`);
        for (const name of await namesIn(dir)) {
          if (signs.some((sign) => name.includes(sign))) {
            await Deno.remove(`${dir}/${name}`);
          }
        }
      }
      await adminPrints(dir, "restore", `${dir}/b`, "--yes");
      assertEquals(countMessages(path), MANY + 2);
    });
  },
);
