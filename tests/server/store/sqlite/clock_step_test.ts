import { assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import { openSqliteStore } from "../../../../server/mod.ts";
import { WallClock } from "../../../../server/store/sqlite/writer/wall_clock.ts";
import {
  fakedClock,
  faketimeLibrary,
} from "../../../support/stores/faked_clock.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import { Program, relayArguments } from "../../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { longTest, SHELL, testWith } from "../../../support/test_with.ts";
import { until } from "../../../../lab/harness/until.ts";

Deno.test("a clock that is set is noticed, one that drifts isn't", () => {
  let wall = 1_000_000;
  let monotonic = 0;
  const pass = (ms: number, wallMs = ms) => {
    monotonic += ms;
    wall += wallMs;
  };
  const clock = new WallClock(() => wall, () => monotonic);
  const look = () => {
    const { known, ...seen } = clock.look();
    known();
    return seen;
  };
  pass(3_600_000, 3_603_000);
  assertEquals(look(), { now: wall, step: 0, earliest: wall });
  pass(1000, 1000 + 60_000);
  clock.look();
  // Told again until it is known.
  pass(1000);
  assertEquals(look(), { now: wall, step: 60_000, earliest: wall - 60_000 });
  pass(1000);
  assertEquals(look(), { now: wall, step: 0, earliest: wall - 60_000 });
  pass(1000, 1000 - 90_000);
  assertEquals(look(), { now: wall, step: -90_000, earliest: wall });
});

const library = await faketimeLibrary();

/** From what to what the clock is set. */
const STEPS: Record<string, [from: string, to: string]> = {
  "set on": ["-2000d", "+0"],
  "set back": ["+2000d", "+0"],
};

for (const [step, [from, to]] of Object.entries(STEPS)) {
  const name = `a clock that is ${step} costs no message that is young`;
  if (library === undefined) {
    Deno.test({
      name: `${name} (skipped: libfaketime isn't installed)`,
      ignore: true,
      fn() {},
    });
    continue;
  }
  longTest(SHELL, name, async () => {
    await using folder = await temporaryFolder();
    const clock = await fakedClock(library, `${folder.path}/offset`, from);
    const flags = ["--port", "0", "--secure-port", "off", "--keep", "1h"];
    const start = () => clock.deno(relayArguments(folder.path, flags));
    const path = `${folder.path}/db.defensive`;
    const read = (sql: string) => {
      const database = new Database(path, { readonly: true });
      try {
        return Object.values(database.prepare(sql).get() ?? {})[0];
      } finally {
        database.close();
      }
    };
    await using relay = start();
    {
      using peer = await Peer.connect(await relay.address());
      const anna = await peer.register("anna");
      for (let i = 0; i < 3; i++) {
        await peer.send(anna, anna, new Uint8Array(i));
      }
      await clock.set(to);
      // A visit is written within a second, by the clock of now.
      const today = new Date().toISOString().slice(0, 8);
      await peer.ask("clientsList", {}, anna);
      await until(
        "a visit that is written",
        () => String(read("SELECT LastSeen FROM clients")).startsWith(today),
      );
      assertEquals(read("SELECT count(*) FROM messages"), 3);
    }
    relay.kill("SIGTERM");
    assertEquals((await relay.end()).stderr, "");
    // The next one, which knows of no step, purges at its start.
    await using next = start();
    using peer = await Peer.connect(await next.address());
    await peer.register("ben");
    assertEquals(read("SELECT count(*) FROM messages"), 3);
    const hour = 3_600_000;
    const young = `abs(Arrived - ${Date.now()}) < ${hour}`;
    assertEquals(read(`SELECT count(*) FROM messages WHERE ${young}`), 3);
  });
}

testWith(
  SHELL,
  "what went after its time is told, with its number",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    await (await openSqliteStore(path)).close();
    const database = new Database(path);
    database.exec(
      `INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Arrived)
        VALUES (1, x'01', x'01', 3, x'01', 0), (2, x'01', x'01', 3, x'01', 9)`,
    );
    database.close();
    await using relay = Program.relay(
      folder.path,
      "--port",
      "0",
      "--keep",
      "1h",
    );
    const note =
      "note: deleted 2 messages that had waited for longer than 1 hour\n";
    await until("a purge", () => relay.complained.includes(note));
  },
);
