import { assert, assertEquals, assertRejects } from "@std/assert";
import { Database } from "@db/sqlite";
import { type RoundReport, torture } from "../../lab/torture/rounds.ts";
import { Violation } from "../../lab/torture/violation.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { extent, longTest, PROGRAMS } from "../support/test_with.ts";

/** The same choices in each run of the gate, many and new ones in a slow run. */
const [kills, seed] = extent === "slow" ? [100, Date.now() % 2 ** 32] : [5, 1];

longTest(
  PROGRAMS,
  `a relay that is killed ${kills} times keeps its promises (seed ${seed})`,
  async () => {
    await using folder = await temporaryFolder();
    const reports: RoundReport[] = [];
    const rounds = torture({
      rounds: kills,
      seconds: 0.5,
      connections: 24,
      seed,
      dir: folder.path,
    });
    try {
      for await (const report of rounds) reports.push(report);
    } catch (cause) {
      throw new Error(`In round ${reports.length + 1}, seed ${seed}`, {
        cause,
      });
    }
    assertEquals(reports.length, kills + 1);
    // It shows something only where all of it happened.
    const counts = [
      "registrations",
      "messages",
      "taken",
      "inFlight",
      "resets",
      "checks",
    ] as const;
    for (const what of counts) {
      const sum = reports.reduce((sum, report) => sum + report[what], 0);
      assert(sum > 0, `Expected some ${what}, got none with seed ${seed}`);
    }
  },
);

/** What a relay might do to its database, and what the torture says of it. */
const faults: Record<string, [sql: string, sentence: RegExp]> = {
  "loses messages": [
    "DELETE FROM messages WHERE ID % 2 = 0; UPDATE activity SET LastMessage = 1000000",
    /waits, but a pull passed it by|was acknowledged and not taken, and is lost/,
  ],
  "loses a registration": [
    "DELETE FROM accounts WHERE Position = (SELECT max(Position) FROM accounts)",
    /was acknowledged, and is lost|is registered but not in the list|^Expected \d+ for .*, got 9000(\.|$)/,
  ],
  "hands messages out twice": [
    `INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Rest, Arrived)
      SELECT ID + 1000000, ToClient, FromClient, Type, Content, Rest, Arrived
      FROM messages WHERE Rest = 0`,
    /has id \d+, got 10\d+|was deleted, but it was handed out again|is there twice/,
  ],
  "damages contents": [
    `UPDATE messages SET Content = CAST(substr(Content, 1, 10) || zeroblob(length(Content) - 10) AS BLOB)`,
    /^The content of .* is damaged$/,
  ],
  "mixes senders up": [
    "UPDATE messages SET FromClient = ToClient",
    /has sender [0-9a-f]{32} and type \d, got/,
  ],
};

for (const [fault, [sql, sentence]] of Object.entries(faults)) {
  longTest(PROGRAMS, `the torture tells when a relay ${fault}`, async () => {
    await using folder = await temporaryFolder();
    const rounds = torture({
      rounds: 2,
      seconds: 0.5,
      connections: 24,
      seed: 1,
      dir: folder.path,
    });
    const first = await rounds.next();
    assertEquals(first.done, false);
    const database = new Database(`${folder.path}/db.defensive`);
    try {
      database.exec(sql);
    } finally {
      database.close();
    }
    // The second relay shows it at once, or its remains do.
    const error = await assertRejects(() => rounds.next(), Violation);
    assert(sentence.test(error.message), error.message);
  });
}
