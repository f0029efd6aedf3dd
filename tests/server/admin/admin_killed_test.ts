import { assert, assertEquals, assertMatch } from "@std/assert";
import { equals } from "@std/bytes";
import { adminPrints, startAdmin } from "../../support/stores/admin.ts";
import {
  type AnyStore,
  sqliteStore,
  testWithAnyStore,
} from "../../support/stores/any_store.ts";
import { holdRelayRow } from "../../support/stores/held_row.ts";
import {
  idOf,
  idOrRefusal,
  makeStore,
} from "../../support/stores/made_store.ts";
import { postgresTest } from "../../support/stores/postgres.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { longTest, PROGRAMS } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";

/** Enough for several batches, and for a copy that takes a while. */
const MANY = 6000;

const inboxes = {
  anna: Array.from({ length: MANY }, () => 500),
  ben: [3_000_000, 4_000_000],
};

const countMessages = (store: AnyStore) =>
  store.count("SELECT count(*) FROM messages");

/** Starts it, waits for a sign that it is at work, and kills it, if it isn't done by then. */
async function kill(
  place: string,
  isAtWork: () => boolean | Promise<boolean>,
  ...args: string[]
): Promise<void> {
  await using program = await startAdmin(place, ...args);
  let isDone = false;
  const ending = program.exitCode().then(() => isDone = true);
  await until("it to be at work", async () => isDone || await isAtWork());
  if (!isDone) program.kill("SIGKILL");
  await ending;
}

testWithAnyStore(
  "a purge that is killed leaves a whole store, and can be gone on with",
  async (store) => {
    await store.fill(inboxes);
    const { place } = store;
    const args = ["purge", "--older-than", "1s"];
    // What waits has to be old enough.
    await store.change("UPDATE messages SET Arrived = 1");
    const some = async () => await countMessages(store) < MANY;
    await kill(place, some, ...args);
    assert(await countMessages(store) < MANY, "it was at work");
    assertEquals(await adminPrints(place, "check"), "all is well\n");
    await adminPrints(place, ...args);
    assertEquals(await countMessages(store), 0);
    assertEquals(await adminPrints(place, "check"), "all is well\n");
  },
  longTest,
);

testWithAnyStore(
  "a deletion that is killed leaves the user, and can be gone on with",
  async (store) => {
    await store.fill(inboxes);
    const { place } = store;
    const some = async () => await countMessages(store) < MANY;
    await kill(place, some, "remove", "anna", "--yes");
    assertEquals(await adminPrints(place, "check"), "all is well\n");
    const open = await store.open();
    try {
      // Unless it was faster than the kill.
      if (await open.requester(idOf(1)) === undefined) return;
      const sent = await open.send({
        recipient: idOf(1),
        sender: idOf(1),
        type: 3,
        content: new Uint8Array(1),
      }, { messages: 0, bytes: 0 });
      assertEquals(Number(idOrRefusal(sent)), MANY + 1);
    } finally {
      await open.close();
    }
    await adminPrints(place, "remove", "anna", "--yes");
    assertEquals(await countMessages(store), 2);
    assertEquals(await adminPrints(place, "check"), "all is well\n");
  },
  longTest,
);

testWithAnyStore(
  "a backup that is killed leaves nothing under its name",
  async (store) => {
    await store.fill(inboxes);
    const { place, dir } = store;
    const path = `${dir}/db.defensive`;
    const bytes = async () =>
      store.kind === "sqlite" ? await Deno.readFile(path) : new Uint8Array();
    const before = await bytes();
    const begun = async () =>
      (await namesIn(dir)).some((name) => name.startsWith("b.partial-"));
    await kill(place, begun, "backup", `${dir}/b`);
    if ((await namesIn(dir)).includes("b")) {
      // It was faster than the kill: then it is whole.
      await Deno.mkdir(`${dir}/whole`);
      await Deno.rename(`${dir}/b`, `${dir}/whole/db.defensive`);
      await adminPrints(`${dir}/whole`, "check");
    }
    assert(equals(await bytes(), before), "the store is as it was");
    assertEquals(await adminPrints(place, "check"), "all is well\n");
    assertMatch(
      await adminPrints(place, "backup", `${dir}/c`),
      /: 2 users, 6,002 waiting messages, /,
    );
  },
  longTest,
);

longTest(
  PROGRAMS,
  "sqlite: a restore that is killed at any moment leaves the old or the new",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, inboxes);
    const store = sqliteStore(dir);
    await adminPrints(dir, "backup", `${dir}/b`);
    await adminPrints(dir, "remove", "anna", "--yes");
    const signs = [".partial-", "-restoring", "-before-restore"];
    for (const sign of signs) {
      const begun = async () =>
        (await namesIn(dir)).some((name) => name.includes(sign));
      await kill(dir, begun, "restore", `${dir}/b`, "--yes");
      assertEquals(await adminPrints(dir, "check"), "all is well\n");
      const count = await countMessages(store);
      assert(count === 2 || count === MANY + 2, `${count} messages`);
      for (const name of await namesIn(dir)) {
        if (signs.some((sign) => name.includes(sign))) {
          await Deno.remove(`${dir}/${name}`);
        }
      }
    }
    await adminPrints(dir, "restore", `${dir}/b`, "--yes");
    assertEquals(await countMessages(store), MANY + 2);
  },
);

postgresTest(
  "postgres: a restore that is killed leaves nothing, and can be done again",
  async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, inboxes);
    const count = async (sql: string) => Number(await cluster.sql(sql, url));
    const restore = ["restore", `${dir}/db.defensive`, "--yes"];
    // In the middle: whoever counts waits until it is dead.
    const locked = async () =>
      await count(
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = to_regclass('messages')",
      ) > 0;
    await kill(url, locked, ...restore);
    const messages = await count("SELECT count(*) FROM messages");
    if (messages > 0) {
      // It was faster than the kill: then all of it is there.
      assertEquals(messages, MANY + 2);
      await cluster.sql(
        "TRUNCATE accounts, activity, messages, parts",
        url,
      );
    }
    // At its end, with nothing left but to say so and to commit.
    await using held = await holdRelayRow(cluster, url);
    await kill(url, () => held.isWaitedFor(), ...restore);
    await held.release();
    await until("it to be gone", async () => !await held.isWaitedFor());
    for (const table of ["accounts", "activity", "messages", "parts"]) {
      assertEquals(await count(`SELECT count(*) FROM ${table}`), 0, table);
    }
    await until(
      "its connection to be gone",
      async () =>
        await count(
          "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'messageu' AND datname = current_database()",
        ) === 0,
    );
    assertMatch(
      await adminPrints(url, ...restore),
      /^restored 127\.0\.0\.1:\d+\/relay_\d+ from .*: 2 users, 6,002 waiting messages\n$/,
    );
    assertEquals(await adminPrints(url, "check"), "all is well\n");
  },
);
