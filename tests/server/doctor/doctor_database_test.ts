import { assertEquals, assertMatch } from "@std/assert";
import { judgeCommit } from "../../../server/store/postgres/doctor/commit_check.ts";
import {
  judgeConnections,
  judgeSkew,
} from "../../../server/store/postgres/doctor/database_check.ts";
import { judgeStandbys } from "../../../server/store/postgres/doctor/standby_check.ts";
import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import { fillStore, someInboxes } from "../../support/stores/made_store.ts";
import { postgresTest } from "../../support/stores/postgres.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";

/** What `deno task server --doctor` prints of a database. */
async function examine(
  url: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  await using folder = await temporaryFolder();
  const ended = await Program.launcher([
    "--doctor",
    ...["--dir", folder.path, "--host", "127.0.0.1", "--port", "0"],
    // Few files are opened, so that other tests find some too.
    ...["--max-connections", "100"],
  ], { MESSAGEU_STORE: url }).end();
  return ended;
}

Deno.test("a commit is judged by how long it takes", () => {
  assertEquals(judgeCommit(1.25, 0.2, "on"), {
    verdict: "ok",
    what:
      "synced (synchronous_commit = on); one takes 1.3 ms, 200 µs of it for the way there and back",
  });
  assertEquals(judgeCommit(50, 1, "on").verdict, "ok");
  const slow = judgeCommit(125, 1, "on");
  assertEquals(slow.verdict, "warning");
  assertMatch(slow.what, /no more than 8 messages\/s$/);
});

Deno.test("standbys are judged by what commits wait for", () => {
  const judge = (
    names: string,
    connected: number,
    synchronous: number,
    hidden = 0,
  ) => judgeStandbys({ names, connected, synchronous, hidden }).verdict;
  assertEquals(judge("", 0, 0), "ok");
  assertEquals(judge("", 2, 0), "warning");
  assertEquals(judge("a", 0, 0), "error");
  assertEquals(judge("ANY 1 (a, b)", 2, 2), "ok");
  assertEquals(judge("FIRST 2 (a, b)", 2, 1), "error");
  assertEquals(judge("2 (a, b)", 2, 0, 2), "unknown");
});

Deno.test("a commit is judged by what a pooler's connections begin with", () => {
  assertEquals(judgeCommit(1, 1, "on", "remote_apply").verdict, "ok");
  assertEquals(judgeCommit(1, 1, "on", "local").verdict, "warning");
});

Deno.test("connections are judged by what a relay takes", () => {
  assertEquals(judgeConnections(10, 97), {
    verdict: "ok",
    what: "10 of 97 connections free, a relay takes 10",
  });
  assertEquals(judgeConnections(9, 97).verdict, "error");
  assertMatch(judgeConnections(-2, 97).what, /^0 of 97/);
});

Deno.test("clocks are judged by their difference", () => {
  assertEquals(judgeSkew(-12), {
    verdict: "ok",
    what: "the database's clock is 12 ms behind this one",
  });
  assertEquals(judgeSkew(5000).verdict, "ok");
  assertEquals(judgeSkew(-5001).verdict, "warning");
});

postgresTest(
  "the doctor looks at a database in place of a disk, and leaves no trace",
  async ({ cluster, url }, t) => {
    const tables = () =>
      cluster.sql("SELECT relname, relfilenode FROM pg_class ORDER BY 1", url);

    await t.step("one without tables", async () => {
      const before = await tables();
      const { code, stdout, stderr } = await examine(url);
      assertEquals({
        code,
        stderr: stderr.replace(/^warning: no info.*\n/, ""),
      }, {
        code: 0,
        stderr: "",
      }, stdout);
      assertEquals(
        stdout.trimEnd().split("\n").map((line) => line.slice(5).split(" ")[0]),
        [
          "server",
          "standby",
          "commit",
          "room",
          "store",
          "skew",
          "clock",
          "files",
          "memory",
          "port",
          "secure",
          "key",
        ],
      );
      assertMatch(
        stdout,
        /^ok +server +PostgreSQL \d+.* at 127\.0\.0\.1:\d+\/relay_\d+$/m,
      );
      assertMatch(
        stdout,
        /^(ok|warn) +commit +synced \(synchronous_commit = on\); one takes [\d.,]+ (µs|ms|s), /m,
      );
      assertMatch(
        stdout,
        /^ok +room +\d+ of 197 connections free, a relay takes 10$/m,
      );
      assertMatch(stdout, /^ok +store +no tables yet, the relay makes them$/m);
      assertMatch(
        stdout,
        /^ok +skew +the database's clock is [\d.,]+ (µs|ms) (ahead of|behind) this one$/m,
      );
      assertEquals(await tables(), before);
    });

    await t.step("one with users and messages", async () => {
      await fillStore(await openPostgresStore(url), someInboxes);
      const later = new Date(Date.now() + 7 * 86_400_000).toISOString();
      await cluster.sql(
        `UPDATE activity SET LastSeen = '${later}' WHERE LastMessage = 3;
        UPDATE activity SET LastSeen = 'zzz' WHERE LastMessage = 1`,
        url,
      );
      const { code, stdout } = await examine(url);
      assertEquals(code, 0, stdout);
      assertMatch(
        stdout,
        /^ok +store +3 users, 4 waiting messages; schema version 5$/m,
      );
      assertMatch(stdout, /^warn clock +.* latest visit is of/m);
    });

    await t.step("one of a newer relay", async () => {
      await cluster.sql(
        "UPDATE relay SET Value = 99 WHERE Name = 'schema'",
        url,
      );
      const { code, stdout } = await examine(url);
      assertEquals(code, 1);
      assertMatch(
        stdout,
        /^bad +store +it has schema version 99, .*: use the newer relay/m,
      );
    });

    await t.step("one that can't be reached", async () => {
      const { code, stdout } = await examine(
        "postgres://eve:secret@127.0.0.1:1/relay",
      );
      assertEquals(code, 1);
      assertMatch(
        stdout,
        /^bad +server +127\.0\.0\.1:1\/relay: The database can't be reached: .*: start it, or name another one with --store$/m,
      );
      assertEquals(stdout.includes("secret"), false);
    });
  },
);
