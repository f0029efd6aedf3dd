/** The admin program and secure accounts. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Store } from "../../../server/mod.ts";
import {
  makeSqliteAdminStore,
  readSqliteRows,
} from "../../../server/store/sqlite/maintenance/sqlite_admin_store.ts";
import { ID_JUMP } from "../../../server/store/store_rows.ts";
import { PackageKind } from "../../../shared/secure/key_package.ts";
import type { Seq } from "../../../shared/secure/secure_protocol.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { admin, adminPrints } from "../../support/stores/admin.ts";
import { type AnyStore, sqliteStore } from "../../support/stores/any_store.ts";
import { changeDatabase, LARGE } from "../../support/stores/made_store.ts";
import {
  anna,
  ben,
  cora,
  NOW,
  numberOf,
  packageOf,
  profileOf,
  sendingOf,
} from "../../support/stores/secure_accounts.ts";
import { FILES, testWith } from "../../support/test_with.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
const sendings = [10, LARGE].map((size, i) =>
  sendingOf(ben, anna, new Uint8Array(size), { count: i + 7 })
);

/** Anna and ben are secure, and three messages wait for anna; one waits for cora. */
async function fill(place: AnyStore): Promise<void> {
  const store = await place.open();
  try {
    const { account: id, name, publicKey } = cora;
    await store.register({ id, name, publicKey }, NOW);
    for (const person of [anna, ben]) {
      await store.secure.register(profileOf(person), NOW);
    }
    await store.secure.publish(anna.device, [
      packageOf(1, PackageKind.Weekly),
      packageOf(2),
    ]);
    for (const sending of sendings) {
      await store.secure.send(sending, NO_QUOTA, NOW);
    }
    const message = {
      sender: id,
      type: 3,
      content: new Uint8Array(4),
    } as const;
    for (const recipient of [anna.account, id]) {
      await store.send({ ...message, recipient }, NO_QUOTA);
    }
  } finally {
    await store.close();
  }
}

async function withStore<T>(
  place: AnyStore,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await place.open();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

testWith(
  FILES,
  "sqlite: secure accounts are told, purged and removed",
  async () => {
    await using folder = await temporaryFolder();
    const store = sqliteStore(folder.path);
    const { place } = store;
    await fill(store);
    const { users, secured, messages, mail, bytes, largestInboxes } = JSON
      .parse(
        await adminPrints(place, "stats", "--json"),
      );
    assertEquals({ users, secured, messages, mail, bytes, largestInboxes }, {
      users: 3,
      secured: 2,
      messages: 4,
      mail: 3,
      bytes: 10 + LARGE + 5 + 4,
      largestInboxes: [3, 1],
    });
    const lines = (await adminPrints(place, "users")).trim().split("\n");
    assertEquals(lines.map((line) => line.split(/ {2,}/).toSpliced(2, 1)), [
      ["NAME", "SECURE", "WAITING", "SIZE", "ID"],
      ["cora", "no", "1", "4 bytes", cora.account.toHex()],
      ["anna", "yes", "3", "2.5 MiB", anna.account.toHex()],
      ["ben", "yes", "0", "0 bytes", ben.account.toHex()],
    ]);
    assertEquals(await adminPrints(place, "check"), "all is well\n");
    await store.change("UPDATE mail SET Arrived = 1 WHERE Seq = 2");
    const old = ["purge", "--older-than", "1d"];
    assertMatch(
      await adminPrints(place, ...old, "--dry-run"),
      /^would delete 1 message /,
    );
    assertMatch(await adminPrints(place, ...old), /^deleted 1 message /);
    assertEquals(
      await adminPrints(place, "remove", "anna", "--yes"),
      "removed anna: 2 waiting messages went along\n",
    );
    assertEquals(await adminPrints(place, "check"), "all is well\n");
    await withStore(store, async (store) => {
      assertEquals(await store.secure.lookUp(anna), undefined);
      assertEquals(await store.secure.countMail(), 0);
      const uids = sendings.map(({ uid }) => uid);
      const outcomes = await store.secure.outcomes(ben.device, uids);
      assertEquals(outcomes.map(({ state }) => state), [3, 3]);
      assertEquals(await store.secure.register(profileOf(anna), NOW), true);
    });
  },
);

testWith(
  FILES,
  "sqlite: after a restore no position and no package comes again",
  async () => {
    await using folder = await temporaryFolder();
    const store = sqliteStore(folder.path);
    await fill(store);
    const backup = `${folder.path}/backup`;
    assertMatch(
      await adminPrints(store.place, "backup", backup),
      /3 users, 4 waiting messages/,
    );
    // What is given out since is lost with the store.
    const claim = async (store: Store) =>
      (await store.secure.claim(anna.account, [anna.device], true))
        ?.map(({ weekly, single }) => [numberOf(weekly), numberOf(single)]);
    const later = sendingOf(ben, anna, new Uint8Array(1), { count: 20 });
    await withStore(store, async (store) => {
      assertEquals(await claim(store), [[1, 2]]);
      await store.secure.send(later, NO_QUOTA, NOW);
    });
    await adminPrints(store.place, "restore", backup, "--yes");
    assertEquals(await adminPrints(store.place, "check"), "all is well\n");
    await withStore(store, async (store) => {
      assertEquals(await claim(store), [[1, undefined]]);
      // Numbers that were published stay so.
      assertEquals(await store.secure.publish(anna.device, [packageOf(2)]), 0);
      const before = await store.secure.authenticated(ben.device, 0, NOW);
      assertEquals(before?.highestCount, 8);
      const [first] = sendings;
      assert(first !== undefined);
      assertEquals(
        await store.secure.send(first, NO_QUOTA, NOW),
        { wasTaken: true, highestCount: 8 },
      );
      await store.secure.send(later, NO_QUOTA, NOW);
      const { lastSeq, mail } = await store.secure.mail(
        anna.device,
        2 as Seq,
        1000,
      );
      assertEquals(lastSeq, ID_JUMP + 4 as Seq);
      assertEquals(mail.map(({ seq }) => Number(seq)), [3, ID_JUMP + 4]);
    });
  },
);

testWith(
  FILES,
  "sqlite: counts come with the sendings of another store",
  async () => {
    await using folder = await temporaryFolder();
    await fill(sqliteStore(folder.path));
    await using place = await temporaryFolder();
    const other = sqliteStore(place.path);
    await withStore(other, async () => {});
    const made = makeSqliteAdminStore(`${place.path}/db.defensive`);
    // In another kind of store the sendings alone tell the highest count.
    const told = async function* () {
      for await (const row of readSqliteRows(`${folder.path}/db.defensive`)) {
        yield row.table === "devices" ? { ...row, count: 0 } : row;
      }
    };
    await made.fill(told());
    made.close();
    await withStore(other, async ({ secure }) => {
      const send = (count: number) =>
        secure.send(
          sendingOf(ben, anna, new Uint8Array(1), { count }),
          NO_QUOTA,
          NOW,
        );
      assertEquals<unknown>(await send(7), { refused: "count" });
      assertEquals(await send(6), { wasTaken: false, highestCount: 8 });
      assertEquals<unknown>(await send(6), { refused: "count" });
      assertEquals(await send(0), { wasTaken: false, highestCount: 8 });
    });
  },
);

testWith(FILES, "sqlite: all rows go from one store into another", async () => {
  await using folder = await temporaryFolder();
  const store = sqliteStore(folder.path);
  await fill(store);
  const other = `${folder.path}/other`;
  const made = makeSqliteAdminStore(other);
  const rows = () => readSqliteRows(`${folder.path}/db.defensive`);
  assertEquals(await made.fill(rows()), { users: 3, messages: 4 });
  assertEquals(await made.check(), []);
  made.close();
  const [before, after] = [
    await Array.fromAsync(rows()),
    await Array.fromAsync(readSqliteRows(other)),
  ];
  assertEquals(new Set(before.map(({ table }) => table)).size, 9);
  assertEquals(after, before);
});

/** What might go wrong between the tables, and how it is told. */
const faults: Record<string, RegExp> = {
  "DELETE FROM accounts WHERE UserName = 'ben'":
    /\n1 record of no user: restore a backup, or stop the relay and run sqlite3 FILE "DELETE FROM profiles WHERE /,
  "UPDATE profiles SET Closed = 1 WHERE ID = x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'":
    /^1 device of no open account: /,
  "UPDATE devices SET SigningKey = x'00'":
    /^2 devices with an id or a key that isn't 16 or 32 bytes: restore a backup\n$/,
  "DELETE FROM devices":
    /^2 packages in packages of no device: .*\n2 sendings in taken of no device: .*\n3 messages in mail of no device: /,
  "UPDATE packages SET Bytes = x'00' WHERE Kind = 0":
    /^1 package that isn't 1309 bytes: /,
  "UPDATE taken SET Waiting = 0 WHERE Count = 7":
    /^1 sending that waits without a message, or in no state: .*"UPDATE taken SET State = 3/,
  "UPDATE mail SET Seq = 0 WHERE Seq = 1":
    /^1 message in mail with a position below 1: /,
  "DELETE FROM mail_parts WHERE Part = 2":
    /^1 message in mail with more or less in its parts than it says: /,
  "DELETE FROM mail WHERE Rest > 0": /^2 parts of no message in mail: /,
};

testWith(FILES, "sqlite: check tells what doesn't fit an account", async () => {
  await using folder = await temporaryFolder();
  await fill(sqliteStore(folder.path));
  for (const [i, [fault, told]] of Object.entries(faults).entries()) {
    const dir = `${folder.path}/${i}`;
    await Deno.mkdir(dir);
    const path = `${dir}/db.defensive`;
    await Deno.copyFile(`${folder.path}/db.defensive`, path);
    changeDatabase(path, fault);
    const { code, stdout } = await admin(dir, "check");
    assertEquals(code, 1, fault);
    assertMatch(stdout, told);
  }
});
