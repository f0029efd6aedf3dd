import { assert, assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import {
  CHECKPOINT_CONTROL_SIZE,
  CHECKPOINTER,
} from "../../../../server/store/sqlite/checkpointer.ts";
import { Checkpoints } from "../../../../server/store/sqlite/checkpoints.ts";
import { startThread } from "../../../../server/store/sqlite/writer/thread.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { FILES, longTest } from "../../../support/test_with.ts";

const KIB = 1024;
const RULES = {
  leastLog: 64 * KIB,
  pause: 0,
  littleLeft: 0,
  mostLog: 512 * KIB,
};

for (const alone of [false, true]) {
  longTest(
    FILES,
    `the log begins anew under load, and all of it gets into the database${
      alone ? ", without the thread too" : ""
    }`,
    async () => {
      await using log = await openLog(alone);
      const { database, checkpoints, path } = log;
      const insert = database.prepare("INSERT INTO texts (Content) VALUES (?)");
      for (let row = 0; row < 4000; row++) {
        insert.run(new Uint8Array(KIB));
        checkpoints.committed(1, KIB);
      }
      const { size } = await Deno.stat(`${path}-wal`);
      // Without checkpoints it would be 32 MiB, each commit being two pages.
      assert(size < 4 * RULES.mostLog, `the log has ${size} bytes`);
      log.close();
      assertEquals(count(path), 4000);
    },
  );
}

longTest(
  FILES,
  "a whole checkpoint leaves nothing in the log that isn't in the database",
  async () => {
    await using log = await openLog();
    const { database, checkpoints, path } = log;
    database.exec("INSERT INTO texts (Content) VALUES (zeroblob(100000))");
    assert(checkpoints.finish());
    assertEquals(checkpoints.growth, 0);
    // The database's own file alone, as if the log had been lost.
    await Deno.copyFile(path, `${path}-alone`);
    assertEquals(count(`${path}-alone`), 1);
  },
);

/** A database with the thread that makes its checkpoints. */
async function openLog(alone = false) {
  const folder = await temporaryFolder();
  const path = `${folder.path}/db`;
  const database = new Database(path, { int64: true });
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("CREATE TABLE texts (Content BLOB NOT NULL)");
  const control = new SharedArrayBuffer(CHECKPOINT_CONTROL_SIZE);
  const thread = await startThread(CHECKPOINTER, { path, control });
  const checkpoints = new Checkpoints(database, control, RULES, alone);
  let open = true;
  const close = () => {
    if (open) {
      checkpoints.close();
      database.close();
    }
    open = false;
  };
  return {
    path,
    database,
    checkpoints,
    close,
    async [Symbol.asyncDispose]() {
      close();
      thread.terminate();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function count(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    const row = database.prepare<{ n: number }>(
      "SELECT count(*) AS n FROM texts",
    ).get();
    return row?.n ?? 0;
  } finally {
    database.close();
  }
}
