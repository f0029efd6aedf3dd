import { assert, assertEquals } from "@std/assert";
import type { ClientId } from "../../shared/protocol.ts";
import { Peer } from "../support/peer.ts";
import { testRelay } from "../support/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../support/test_with.ts";

testWith(
  LOOPBACK_AND_FILES,
  "the list holds everybody but the asker, however long it is",
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
    // 2048 stand on a page.
    for (const count of [1, 1, 2045, 1, 1, 1, 3000]) {
      await register(count);
      const last = ids.length - 1;
      for (const asker of new Set([0, last >> 1, last])) await check(asker);
    }
    for (const asker of [2046, 2047, 2048, 4095, 4096]) await check(asker);
  },
);
