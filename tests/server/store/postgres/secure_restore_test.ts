/** Secure accounts go from a file into a database, and back. */

import { assert, assertEquals } from "@std/assert";
import { openSqliteStore } from "../../../../server/mod.ts";
import type { AdminStore } from "../../../../server/store/admin_store.ts";
import { postgresAdmin } from "../../../../server/store/postgres/maintenance/postgres_admin_store.ts";
import { openPostgresStore } from "../../../../server/store/postgres/mod.ts";
import { readSqliteRows } from "../../../../server/store/sqlite/maintenance/sqlite_admin_store.ts";
import { ID_JUMP, PART_SIZE } from "../../../../server/store/store_rows.ts";
import { parseStoreAddress } from "../../../../server/store/store_kinds.ts";
import { PackageKind } from "../../../../shared/secure/key_package.ts";
import {
  SendingState,
  type Seq,
} from "../../../../shared/secure/secure_protocol.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { postgresTest } from "../../../support/stores/postgres.ts";
import {
  anna,
  ben,
  cora,
  NOW,
  packageOf,
  profileOf,
  sendingOf,
} from "../../../support/stores/secure_accounts.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
const LARGE = new Uint8Array(PART_SIZE + 5).fill(9);
const sending = sendingOf(ben, anna, LARGE);

/** Makes a file with two secure accounts, one of which is closed, and a lifted one. */
async function makeFile(path: string): Promise<void> {
  const store = await openSqliteStore(path);
  const { account: id, name, publicKey } = cora;
  assert(await store.register({ id, name, publicKey }, NOW));
  for (const who of [anna, ben]) {
    assert(await store.secure.register(profileOf(who), NOW));
  }
  assert(await store.secure.register(profileOf(cora, { isLift: true }), NOW));
  await store.secure.publish(anna.device, [
    packageOf(1, PackageKind.Weekly),
    packageOf(2),
  ]);
  await store.secure.send(sending, NO_QUOTA, NOW);
  await store.secure.send(sendingOf(ben, anna), NO_QUOTA, NOW);
  assert(await store.secure.deleteAccount(cora.account));
  await store.close();
}

async function withAdmin<T>(
  url: string,
  use: (admin: AdminStore) => Promise<T>,
): Promise<T> {
  const admin = await postgresAdmin.open(parseStoreAddress(url));
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** Rows of the secure tables as text, without what a restore changes. */
async function secureRows(path: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const row of readSqliteRows(path)) {
    if (["accounts", "activity"].includes(row.table)) continue;
    // Some may have been handed out since.
    if ("kind" in row && row.kind === PackageKind.SingleUse) continue;
    const fields = Object.entries(row)
      .filter(([key]) => key !== "row" && key !== "lastSeq")
      .map(([key, value]) =>
        `${key} ${
          value instanceof Uint8Array
            ? `${value.length} ${value.subarray(0, 40).toHex()}`
            : value
        }`
      );
    rows.push(fields.join());
  }
  return rows.sort();
}

postgresTest(
  "secure accounts are restored from a file, and from a database's backup",
  async ({ url }) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    await makeFile(path);
    await (await postgresAdmin.restore(parseStoreAddress(url), path)).run();
    await withAdmin(url, async (admin) => {
      assertEquals(await admin.check(), []);
      const { users, secured, messages, mail, largestInboxes, bytes } =
        await admin.stats(NOW);
      assertEquals(
        { users, secured, messages, mail, largestInboxes, bytes },
        {
          ...{ users: 3, secured: 3, messages: 2, mail: 2 },
          ...{ largestInboxes: [2], bytes: LARGE.length + 1 },
        },
      );
      const infos = await Array.fromAsync(admin.users());
      assertEquals(
        infos.map(({ name, isSecured, messages }) => [
          name,
          isSecured,
          messages,
        ]),
        [["cora", true, 0], ["anna", true, 2], ["ben", true, 0]],
      );
      await admin.backup(`${folder.path}/backup`);
    });
    assertEquals(
      await secureRows(`${folder.path}/backup`),
      await secureRows(path),
    );

    const store = await openPostgresStore(url);
    try {
      const { secure } = store;
      const { lastSeq, mail: [first] } = await secure.mail(
        anna.device,
        0 as Seq,
        1,
      );
      assertEquals([lastSeq, first?.seq], [2 + ID_JUMP, 1]);
      assert(first !== undefined);
      const rest = await Array.fromAsync(secure.restOfMail(anna.device, first));
      assertEquals(rest.map(({ length }) => length), [5]);
      // The sending is known, and counts are as they were.
      assertEquals(
        await secure.send(sending, NO_QUOTA, NOW),
        { wasTaken: true, highestCount: sending.count + 1 },
      );
      assertEquals(await secure.lookUp({ name: "cora" }), "closed");
      const packages = await secure.claim(anna.account, [anna.device], true);
      assertEquals(packages?.[0]?.single, undefined);
      await withAdmin(url, async (admin) => {
        assertEquals(await admin.purge(new Date(Date.now() + 60_000)), 2);
      });
      const [outcome] = await secure.outcomes(ben.device, [sending.uid]);
      assertEquals(outcome?.state, SendingState.Expired);
      assertEquals(
        await withAdmin(url, (admin) => admin.deleteUser("anna")),
        0,
      );
      assertEquals(await secure.lookUp({ name: "anna" }), undefined);
    } finally {
      await store.close();
    }
  },
);
