import { assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import { ClientsDirectory } from "../../../../server/relay/clients_directory.ts";
import type { Pieces } from "../../../../server/relay/response.ts";
import { openSqliteStore, type SqliteStore } from "../../../../server/mod.ts";
import { responseCodecs } from "../../../../shared/wire/requests.ts";
import { idOf, idOrRefusal } from "../../../support/stores/made_store.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../../support/test_with.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");
const publicKey = new Uint8Array(160).fill(5);
const NO_QUOTA = { messages: 0, bytes: 0 };

const register = (store: SqliteStore, byte: number, name = `${byte}`) =>
  store.register({ id: idOf(byte), name, publicKey }, NOW);

const send = (store: SqliteStore, byte: number) =>
  store.send({
    recipient: idOf(byte),
    sender: idOf(1),
    type: 3,
    content: new Uint8Array(10),
  }, NO_QUOTA).then(idOrRefusal);

async function withStore(
  check: (store: SqliteStore, remove: (byte: number) => void) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/db.defensive`;
  const store = await openSqliteStore(path);
  const other = new Database(path);
  const remove = (byte: number) => {
    const id = `x'${idOf(byte).toHex()}'`;
    other.exec(
      `BEGIN IMMEDIATE;
      DELETE FROM messages WHERE ToClient = ${id};
      DELETE FROM activity WHERE Position = (SELECT Position FROM accounts WHERE ID = ${id});
      DELETE FROM accounts WHERE ID = ${id};
      COMMIT`,
    );
  };
  try {
    await check(store, remove);
  } finally {
    other.close();
    await store.close();
  }
}

testWith(
  FILES,
  "a store forgets whom another process removed, and nobody for its own sake",
  async () => {
    await withStore(async (store, remove) => {
      for (const byte of [1, 2, 3]) await register(store, byte);
      assertEquals(Number(await send(store, 2)), 1);
      assertEquals((await store.requester(idOf(2)))?.position, 2);
      assertEquals((await store.publicKey(idOf(2)))?.length, 160);
      // Enough for checkpoints of the other thread.
      const content = new Uint8Array(1_000_000);
      for (let i = 0; i < 20; i++) {
        await store.send(
          { recipient: idOf(1), sender: idOf(1), type: 3, content },
          NO_QUOTA,
        );
      }
      assertEquals(store.usersVersion, 0);
      remove(2);
      assertEquals(await send(store, 2), "unknown_target");
      assertEquals(store.usersVersion, 1);
      assertEquals((await store.requester(idOf(2)))?.position, undefined);
      assertEquals(await store.publicKey(idOf(2)), undefined);
      assertEquals((await store.requester(idOf(3)))?.position, 3);
      assertEquals(await register(store, 4, "2"), true);
      assertEquals(Number(await send(store, 4)), 1);
      assertEquals(store.usersVersion, 1);
    });
  },
);

/** The names of a listing, which is as long as it says. */
async function namesOf({ size, pieces }: Pieces): Promise<string> {
  const bytes: number[] = [];
  for (const { read } of pieces) bytes.push(...await read());
  assertEquals(bytes.length, size);
  return responseCodecs.clientsList.decode(new Uint8Array(bytes))
    .map(({ name }) => name).join();
}

testWith(
  FILES,
  "the list of clients is made anew, and those that go out stay whole",
  async () => {
    await withStore(async (store, remove) => {
      const directory = new ClientsDirectory(store, {
        page: 5,
        kept: 2,
        read: 3,
      });
      for (let byte = 1; byte <= 9; byte++) await register(store, byte);
      const begun = await directory.listBut(0);
      remove(3);
      remove(9);
      // It stands where the last one stood.
      await register(store, 19);
      assertEquals(
        await namesOf(await directory.listBut(0)),
        "1,2,4,5,6,7,8,19",
      );
      assertEquals(await namesOf(begun), "1,2,3,4,5,6,7,8,9");
      assertEquals(await namesOf(await directory.listBut(1)), "2,4,5,6,7,8,19");

      // Of pages that aren't kept one can't go on without who is gone.
      for (let byte = 20; byte <= 29; byte++) await register(store, byte);
      const unkept = await directory.listBut(0);
      remove(25);
      await register(store, 30);
      let failure = "";
      await namesOf(unkept).catch((error) => failure = error.message);
      assertEquals(failure, "The list of clients changed while it was sent");
      assertEquals(
        await namesOf(await directory.listBut(0)),
        "1,2,4,5,6,7,8,19,20,21,22,23,24,26,27,28,29,30",
      );
    });
  },
);
