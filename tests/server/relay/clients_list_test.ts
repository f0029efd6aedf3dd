import { assert, assertEquals } from "@std/assert";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { responseCodecs } from "../../../shared/wire/requests.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { openSqliteStore } from "../../../server/mod.ts";
import { ClientsDirectory } from "../../../server/relay/clients_directory.ts";
import type { Pieces } from "../../../server/relay/response.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import {
  FILES,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";

testWith(
  LOOPBACK_AND_FILES,
  "the list holds everybody but the asker, however long it is (LST-2, LST-3)",
  async () => {
    await using relay = await testRelay();
    const publicKey = new Uint8Array(160);
    const ids: ClientId[] = [];
    const register = async (count: number) => {
      const fresh = Array.from(
        { length: count },
        () => crypto.getRandomValues(new Uint8Array(16)) as never as ClientId,
      );
      const from = ids.length;
      await Promise.all(fresh.map((id, i) => {
        const client = { id, name: `user-${from + i}`, publicKey };
        return relay.store.register(client, new Date());
      }));
      ids.push(...fresh);
    };
    using peer = await Peer.connect(relay.address);
    const check = async (asker: number) => {
      const id = ids[asker];
      assert(id !== undefined);
      const answer = await peer.ask("clientsList", {}, id);
      assert(answer.code === 2101);
      assertEquals(
        answer.payload.map(({ clientId, name }) => clientId.toHex() + name),
        ids.map((id, i) => `${id.toHex()}user-${i}`)
          .filter((_, i) => i !== asker),
      );
    };
    // 2048 are read at a time.
    for (const count of [1, 1, 2045, 1, 1, 1, 3000]) {
      await register(count);
      const last = ids.length - 1;
      for (const asker of new Set([0, last >> 1, last])) await check(asker);
    }
    for (const asker of [2046, 2047, 2048, 4095, 4096]) await check(asker);
  },
);

testWith(
  FILES,
  "pages of the list that are kept and pages that aren't read the same",
  async () => {
    await using folder = await temporaryFolder();
    const store = await openSqliteStore(`${folder.path}/db.defensive`);
    try {
      const directory = new ClientsDirectory(store, {
        page: 5,
        kept: 2,
        read: 3,
      });
      const publicKey = new Uint8Array(160);
      const begun: [count: number, listing: Pieces][] = [];
      for (let count = 1; count <= 19; count++) {
        const id = new Uint8Array(16).fill(count) as Uint8Array as ClientId;
        await store.register({ id, name: `${count}`, publicKey }, new Date());
        for (const asker of [0, 1, count >> 1, count]) {
          const expected = Array.from({ length: count }, (_, i) => i + 1)
            .filter((position) => position !== asker);
          const listing = await directory.listBut(asker);
          assertEquals(await namesOf(listing), expected.join());
        }
        begun.push([count, await directory.listBut(0)]);
      }
      // Each is read only now that others have registered.
      for (const [count, listing] of begun) {
        const all = Array.from({ length: count }, (_, i) => i + 1);
        assertEquals(await namesOf(listing), all.join());
      }
    } finally {
      await store.close();
    }
  },
);

/** The names of a listing, which is as long as it says. */
async function namesOf({ size, pieces }: Pieces): Promise<string> {
  const bytes: number[] = [];
  for (const { memory, read } of pieces) {
    const piece = await read();
    assert(piece.length <= memory);
    bytes.push(...piece);
  }
  assertEquals(bytes.length, size);
  return responseCodecs.clientsList.decode(new Uint8Array(bytes))
    .map(({ name }) => name).join();
}
