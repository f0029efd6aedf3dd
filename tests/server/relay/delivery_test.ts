import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { Socket } from "node:net";
import { openSqliteStore, startRelay } from "../../../server/mod.ts";
import { readFull } from "../../../shared/folder/durable_files.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { pullRequest } from "../../../kit/requests.ts";

const STRANGER = new Uint8Array(16).fill(0x77) as Uint8Array as ClientId;

const text = (text: string) => new TextEncoder().encode(text);

testWith(
  LOOPBACK_AND_FILES,
  "messages are handed out oldest first, in answers of about 1 MiB (PUL-3, PUL-6, PUL-7)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const sent: string[] = [];
    const sizes = [400_000, 400_000, 400_000, 3_000_000, 10, 1_000_000, 0];
    for (const [i, size] of sizes.entries()) {
      const content = new Uint8Array(size).fill(i + 1);
      sent.push(content.toHex());
      assertEquals(await peer.send(anna, anna, content), i + 1);
    }
    const slices: number[] = [];
    const received: string[] = [];
    for (;;) {
      const contents = await peer.pull(anna);
      if (contents.length === 0) break;
      slices.push(contents.length);
      received.push(...contents);
    }
    assertEquals(received, sent);
    assertEquals(slices, [2, 1, 1, 3]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "ids rise in each inbox and don't come back when it was emptied (SND-14)",
  async () => {
    await using folder = await temporaryFolder();
    const ids: number[][] = [];
    let people: [ClientId, ClientId] | undefined;
    for (let run = 0; run < 3; run++) {
      const store = await openSqliteStore(`${folder.path}/db.defensive`);
      const relay = startRelay({
        listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
        store,
      });
      using peer = await Peer.connect({
        hostname: "127.0.0.1",
        port: relay.address.port,
      });
      const [anna, ben] = people ??= [
        await peer.register("anna"),
        await peer.register("ben"),
      ];
      ids.push([
        await peer.send(ben, anna, text("1")),
        await peer.send(anna, ben, text("2")),
        await peer.send(ben, anna, text("3")),
      ]);
      assertEquals((await peer.pull(anna)).length, 2);
      assertEquals(await peer.pull(anna), []);
      await relay.close();
      await store.close();
    }
    assertEquals(ids, [[1, 1, 2], [3, 2, 4], [5, 3, 6]]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "messages wait until the client has shown that it took them (DLV-2, DLV-3)",
  async (t) => {
    await using relay = await testRelay();
    using other = await Peer.connect(relay.address);
    const anna = await other.register("anna");
    const content = text("precious");
    await other.send(anna, anna, content);
    const waits = async () =>
      (await relay.store.waiting(anna, { bytes: 1, perMessage: 1 })).length;
    /** Resolves once the relay has let go of all connections but one. */
    const alone = () =>
      until("one connection", () => relay.relay.connections === 1);

    /** Sends bytes, waits for an answer to begin, and resets the connection. */
    const sendAndReset = async (bytes: Uint8Array, half = false) => {
      const socket = new Socket({ allowHalfOpen: true });
      await new Promise<void>((resolve) =>
        socket.connect(relay.address.port, "127.0.0.1", resolve)
      );
      const answered = new Promise((resolve) => socket.once("data", resolve));
      socket.write(bytes);
      if (half) socket.end();
      await answered;
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.resetAndDestroy();
      await closed;
      await alone();
    };
    const pull = pullRequest(anna);

    await t.step("a reset keeps them", async () => {
      await sendAndReset(pull);
      assertEquals(await waits(), 1);
    });

    await t.step(
      "so does one behind requests that were sent along",
      async () => {
        await sendAndReset(concat([pull, pull, pull]));
        assertEquals(await waits(), 1);
      },
    );

    await t.step("and one behind padding that was sent along", async () => {
      await sendAndReset(concat([pull, new Uint8Array(1001)]));
      assertEquals(await waits(), 1);
    });

    await t.step("and one behind more than the relay reads ahead", async () => {
      for (const size of [30_000, 70_000, 1_000_000]) {
        const message = {
          target: STRANGER,
          type: 3,
          content: new Uint8Array(size),
        } as const;
        const long = encodeRequest("sendMessage", message, { clientId: anna });
        const list = encodeRequest("clientsList", {}, { clientId: anna });
        await sendAndReset(concat([pull, long, list]));
        assertEquals(await waits(), 1, `${size} bytes`);
      }
    });

    await t.step(
      "and one behind an end that came before the answer",
      async () => {
        await sendAndReset(pull, true);
        assertEquals(await waits(), 1);
      },
    );

    await t.step(
      "and an end that came before the answer, however orderly",
      async () => {
        using peer = await Peer.connect(relay.address);
        const list = encodeRequest("clientsList", {}, { clientId: anna });
        // The end is there long before the last of these is answered.
        await peer.write(concat([...Array(200).fill(list), pull]));
        await peer.conn.closeWrite();
        for (let i = 0; i < 200; i++) await peer.response();
        assertEquals((await peer.response()).code, 2104);
        assertEquals(await peer.responseBytes(), null);
        await alone();
        assertEquals(await waits(), 1);
      },
    );

    await t.step("a close with the answer unread keeps them", async () => {
      const peer = await Peer.connect(relay.address);
      await peer.write(
        pullRequest(anna),
      );
      // One byte of the answer is there, so all of it was written.
      await peer.conn.read(new Uint8Array(1));
      peer.conn.close();
      await alone();
      assertEquals(await waits(), 1);
    });

    await t.step(
      "handing them out on two connections deletes nothing",
      async () => {
        const one = await Peer.connect(relay.address);
        const two = await Peer.connect(relay.address);
        assertEquals(await one.pull(anna), [content.toHex()]);
        assertEquals(await two.pull(anna), [content.toHex()]);
        assertEquals(await waits(), 1);
        // What came in between stays, though both had pulled before it.
        await other.send(anna, anna, text("later"));
        one.conn.close();
        two.conn.close();
        await alone();
        assertEquals(await waits(), 1);
      },
    );

    await t.step("an orderly close shows it", async () => {
      const peer = await Peer.connect(relay.address);
      assertEquals(await peer.pull(anna), [text("later").toHex()]);
      peer.conn.close();
      await alone();
      assertEquals(await waits(), 0);
    });

    await t.step("the next request on the connection shows it", async () => {
      await other.send(anna, anna, content);
      using peer = await Peer.connect(relay.address);
      assertEquals(await peer.pull(anna), [content.toHex()]);
      assertEquals(await waits(), 1);
      assertEquals((await peer.ask("clientsList", {}, anna)).code, 2101);
      assertEquals(await waits(), 0);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "who closes and pulls again at once gets nothing twice (PUL-4)",
  async () => {
    await using relay = await testRelay();
    using other = await Peer.connect(relay.address);
    const anna = await other.register("anna");
    for (let i = 0; i < 50; i++) {
      await other.send(anna, anna, text(`${i}`));
      const first = await Peer.connect(relay.address);
      assertEquals(await first.pull(anna), [text(`${i}`).toHex()]);
      first.conn.close();
      using second = await Peer.connect(relay.address);
      assertEquals(await second.pull(anna), []);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a slow reader that goes on gets a large answer whole",
  async () => {
    const content = new Uint8Array(12_000_000).fill(0x61);
    await using relay = await testRelay({ limits: { progressTimeout: 800 } });
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    await peer.send(anna, anna, content);
    await peer.write(pullRequest(anna));
    const size = 7 + 25 + content.length;
    const piece = new Uint8Array(500_000);
    let received = 0;
    while (received < size) {
      const next = piece.subarray(0, size - received);
      const count = await readFull(peer.conn, next);
      if (count === 0) break;
      received += count;
      // All of it takes longer than the time-out, and a third of the system's
      // buffer, which is what the relay waits for, less.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assertEquals(received, size);
  },
);
