/** What a store of secure accounts owes that relays share, of several versions too. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  OutcomeUnknownError,
  type Store,
  StoreError,
} from "../../../../server/mod.ts";
import { checkDatabase } from "../../../../server/store/postgres/doctor/database_check.ts";
import { postgresAdmin } from "../../../../server/store/postgres/maintenance/postgres_admin_store.ts";
import { parseStoreAddress } from "../../../../server/store/store_kinds.ts";
import { openPostgresStore } from "../../../../server/store/postgres/mod.ts";
import { PackageKind } from "../../../../shared/secure/key_package.ts";
import type { Seq } from "../../../../shared/secure/secure_protocol.ts";
import type { MessageId } from "../../../../shared/wire/protocol.ts";
import { until } from "../../../../lab/harness/until.ts";
import {
  type PostgresTest,
  postgresTest,
} from "../../../support/stores/postgres.ts";
import {
  anna,
  ben,
  cora,
  NOW,
  numberOf,
  packageOf,
  profileOf,
  recordOf,
  sendingOf,
} from "../../../support/stores/secure_accounts.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
const START = 0 as Seq;
const ALL = 1_000_000;
const SYNC_WAITS = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/** Registers a test with two stores on one database, in which anna and ben are. */
function sharedTest(
  name: string,
  check: (first: Store, second: Store, test: PostgresTest) => Promise<void>,
): void {
  postgresTest(name, async (test) => {
    const first = await openPostgresStore(test.url);
    const second = await openPostgresStore(test.url);
    try {
      for (const who of [anna, ben]) {
        assert(await first.secure.register(profileOf(who), NOW));
      }
      await check(first, second, test);
    } finally {
      await first.close();
      await second.close();
    }
  });
}

sharedTest(
  "a message at one relay wakes who waits at another",
  async (first, second) => {
    const { signal } = new AbortController();
    const waits = second.secure.arrival(anna.device, START, signal);
    const sending = sendingOf(ben, anna);
    assertEquals(await first.secure.send(sending, NO_QUOTA, NOW), {
      wasTaken: false,
      highestCount: sending.count,
    });
    await waits;
    const { mail } = await second.secure.mail(anna.device, START, ALL);
    assertEquals(mail.map(({ uid }) => uid), [sending.uid]);
    // Repeated at the other relay it is the same sending.
    assertEquals(await second.secure.send(sending, NO_QUOTA, NOW), {
      wasTaken: true,
      highestCount: sending.count,
    });
  },
);

sharedTest(
  "64 claims at once over two relays hand out each package once",
  async (first, second) => {
    const numbers = Array.from({ length: 60 }, (_, i) => i + 2);
    await first.secure.publish(anna.device, [
      packageOf(1, PackageKind.Weekly),
      ...numbers.map((number) => packageOf(number)),
    ]);
    const claims = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        (i % 2 === 0 ? first : second).secure
          .claim(anna.account, [anna.device], true)),
    );
    const singles = claims.map((claim) => numberOf(claim?.[0]?.single));
    assertEquals(
      singles.filter((number) => number !== undefined)
        .toSorted((a, b) => a - b),
      numbers,
    );
    assert(claims.every((claim) => numberOf(claim?.[0]?.weekly) === 1));
  },
);

sharedTest(
  "a sending whose commit is cut off is answered by the repeat",
  async (first, second, { cluster }) => {
    const sendings = [sendingOf(ben, anna)];
    const last = () => sendings.at(-1) ?? sendingOf(ben, anna);
    // It is committed, and waits for a standby that there isn't. The server takes
    // the setting over in its own time: those before it don't wait.
    await cluster.set({ synchronous_standby_names: "missing" });
    const sendUntilCut = async () => {
      for (;;) {
        await first.secure.send(last(), NO_QUOTA, NOW);
        sendings.push(sendingOf(ben, anna));
      }
    };
    try {
      const cut = assertRejects(sendUntilCut, OutcomeUnknownError);
      const end = `SELECT pg_terminate_backend(pid) ${SYNC_WAITS}`;
      await until("a wait", async () => await cluster.sql(end) === "t");
      await cut;
    } finally {
      await cluster.set({ synchronous_standby_names: "" });
    }
    for (const { secure } of [second, first]) {
      await until("a commit", () =>
        secure.send(last(), NO_QUOTA, NOW).then(
          (result) => "wasTaken" in result && result.wasTaken,
          () => false,
        ));
    }
    assertEquals(await second.secure.countMail(), sendings.length);
  },
);

sharedTest(
  "a device that another relay removed is forgotten",
  async (first, second) => {
    assert(await second.secure.device(anna.device) !== undefined);
    const record = recordOf(anna, 2, [cora.device]);
    const { bytes } = recordOf(anna);
    assert(await first.secure.replaceRecord(record, bytes, NOW));
    assertEquals(await first.secure.device(anna.device), undefined);
    await until(
      "the device to be forgotten",
      async () => await second.secure.device(anna.device) === undefined,
    );
    const found = await second.secure.device(cora.device);
    assertEquals(found?.recordVersion, 2);
  },
);

const hex = (bytes: Uint8Array) => `'\\x${bytes.toHex()}'::bytea`;

const HOLDS =
  "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
const isWaitedFor = "EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)";

/** SQL that locks anna's device until a condition holds, and does something then. */
function holding(condition: string, then = ""): string {
  return `DO $$ BEGIN
    PERFORM 1 FROM devices WHERE Device = ${hex(anna.device)} FOR UPDATE;
    WHILE NOT ${condition} LOOP PERFORM pg_sleep(0.01); END LOOP;
    ${then}
  END $$`;
}

sharedTest(
  "a sending is forgotten in the order in which mail is deleted",
  async (first, second, { cluster, url }) => {
    const sending = sendingOf(anna, ben);
    await first.secure.send(sending, NO_QUOTA, NOW);
    await first.secure.acknowledge(ben.device, 1 as Seq, NOW);
    const then = "PERFORM 1 FROM taken FOR UPDATE NOWAIT;";
    const held = cluster.sql(holding(isWaitedFor, then), url);
    await until("a lock", async () => await cluster.sql(HOLDS) === "1");
    assertEquals(await second.secure.expire(0, 9, NOW), 1);
    await held;
    assertEquals(
      await cluster.sql("SELECT max(Count) FROM devices", url),
      `${sending.count}`,
    );
  },
);

sharedTest(
  "a sending of a device that leaves meanwhile is forgotten",
  async (first, second, { cluster, url }) => {
    const hasLeft = `EXISTS (SELECT 1 FROM devices WHERE Device = ${
      hex(cora.device)
    })`;
    const held = cluster.sql(holding(hasLeft), url);
    await until("a lock", async () => await cluster.sql(HOLDS) === "1");
    const sent = first.secure.send(sendingOf(ben, anna), NO_QUOTA, NOW);
    const waits = `SELECT ${isWaitedFor}`;
    await until("a sending", async () => await cluster.sql(waits) === "t");
    const record = recordOf(ben, 2, [cora.device]);
    const { bytes } = recordOf(ben);
    assert(await second.secure.replaceRecord(record, bytes, NOW));
    await Promise.all([held, sent]);
    const count = "SELECT count(*) FROM taken";
    assertEquals(await cluster.sql(count, url), "1");
    assertEquals(await second.secure.expire(60_000, 9, NOW), 1);
    assertEquals(await cluster.sql(count, url), "0");
    assertEquals(await second.secure.countMail(), 1);
  },
);

/** The tables of version 4, with a user and its message. */
const VERSION_4 = `
CREATE TABLE relay (Name TEXT PRIMARY KEY, Value BIGINT NOT NULL);
CREATE TABLE accounts (ID BYTEA PRIMARY KEY, Position BIGINT NOT NULL,
  UserName TEXT NOT NULL, PublicKey BYTEA NOT NULL);
CREATE UNIQUE INDEX accounts_position ON accounts (Position ASC);
CREATE UNIQUE INDEX accounts_username ON accounts (UserName);
CREATE TABLE activity (ID BYTEA PRIMARY KEY, LastSeen TEXT NOT NULL,
  LastMessage BIGINT NOT NULL DEFAULT 0, TotalBytes BIGINT NOT NULL DEFAULT 0);
CREATE VIEW clients AS SELECT ID, UserName, PublicKey, LastSeen, LastMessage
  FROM accounts JOIN activity USING (ID);
CREATE TABLE messages (ToClient BYTEA NOT NULL, ID BIGINT NOT NULL,
  FromClient BYTEA NOT NULL, Type SMALLINT NOT NULL, Content BYTEA NOT NULL,
  Rest BIGINT NOT NULL, Arrived BIGINT NOT NULL, PRIMARY KEY (ToClient, ID));
CREATE TABLE parts (ToClient BYTEA NOT NULL, ID BIGINT NOT NULL,
  Part INTEGER NOT NULL, Content BYTEA NOT NULL, PRIMARY KEY (ToClient, ID, Part));
INSERT INTO relay (Name, Value) VALUES ('schema', 4), ('removals', 0)`;

/** How a relay of version 4 stores a message: only where the recipient has an inbox. */
const SEND_4 = `WITH inbox AS (
    UPDATE activity SET LastMessage = LastMessage + 1, TotalBytes = TotalBytes + 1
    WHERE ID = ${hex(cora.account)} RETURNING ID, LastMessage
  )
  INSERT INTO messages SELECT ID, LastMessage, ${
  hex(ben.account)
}, 3, '\\x07', 0, 1
  FROM inbox RETURNING 1`;

postgresTest(
  "relays of version 4 that still run lose nothing of a lifted account",
  async ({ cluster, url }) => {
    await cluster.sql(
      `${VERSION_4};
      INSERT INTO accounts VALUES (${hex(cora.account)}, 1, 'cora', ${
        hex(cora.publicKey)
      });
      INSERT INTO activity VALUES (${
        hex(cora.account)
      }, '2026-01-01T00:00:00.000Z')`,
      url,
    );
    const findings = new Map<string, string>();
    await checkDatabase(
      url,
      (subject, { what }) => findings.set(subject, what),
    );
    assertEquals(
      findings.get("store"),
      "1 user, 0 waiting messages; schema version 4, the relay brings it to 5",
    );
    await assertRejects(
      () => postgresAdmin.open(parseStoreAddress(url)),
      StoreError,
      "schema version 4, this program knows 5: start a relay of this version",
    );
    // Both add what is missing at once.
    const stores = await Promise.all([
      openPostgresStore(url),
      openPostgresStore(url),
    ]);
    try {
      const [{ secure }, other] = stores;
      assertEquals(await cluster.sql(SEND_4, url), "1");
      assert(await secure.register(profileOf(cora, { isLift: true }), NOW));
      // It is refused, since no client would look for it.
      assertEquals(await cluster.sql(SEND_4, url), "");
      const message = {
        recipient: cora.account,
        sender: ben.account,
        type: 3 as const,
        content: new Uint8Array([8]),
      };
      assertEquals(await other.send(message, NO_QUOTA), { id: 2 as MessageId });
      const { mail } = await secure.mail(cora.device, START, ALL);
      assertEquals(
        mail.map(({ content, flags }) => [...content, flags]),
        [[3, 7, 1], [3, 8, 1]],
      );
      assertEquals(
        await cluster.sql("SELECT UserName, LastMessage FROM clients", url),
        "cora|2",
      );
    } finally {
      for (const store of stores) await store.close();
    }
  },
);
