import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { concat } from "@std/bytes";
import fc from "fast-check";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import { type ClientId, ZERO_ID } from "../../../shared/wire/protocol.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { fileRelay, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { PULL, pullRequest } from "../../../kit/requests.ts";

const KEY = new Uint8Array(160).fill(7);
const OTHER_KEY = new Uint8Array(160).fill(8);
const STRANGER = new Uint8Array(16).fill(0x77) as Uint8Array as ClientId;

const text = (text: string) => new TextEncoder().encode(text);

function header(
  code: number,
  size: number,
  id: ClientId = ZERO_ID,
): Uint8Array {
  const bytes = new Uint8Array(23);
  bytes.set(id);
  bytes[16] = 2;
  new DataView(bytes.buffer).setUint16(17, code, true);
  new DataView(bytes.buffer).setUint32(19, size, true);
  return bytes;
}

testWith(
  LOOPBACK_AND_FILES,
  "all requests, one after the other (CON-1)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna", KEY);
    const ben = await peer.register("ben");
    assertEquals(anna.length, 16);
    assert(!anna.includes(0), "an id without zero bytes");
    assertEquals((anna[6] ?? 0) >> 4, 4, "a UUID of version 4");
    assertEquals((anna[8] ?? 0) >> 6, 2, "a UUID of the usual variant");

    const list = await peer.ask("clientsList", {}, anna);
    assertEquals(list, {
      version: 2,
      code: 2101,
      payload: [{ clientId: ben, name: "ben" }],
    });
    assertEquals(await peer.ask("publicKey", { target: anna }, ben), {
      version: 2,
      code: 2102,
      payload: { clientId: anna, publicKey: KEY },
    });
    const message = { target: ben, type: 3 as const, content: text("hi") };
    assertEquals(await peer.ask("sendMessage", message, anna), {
      version: 2,
      code: 2103,
      payload: { target: ben, messageId: 1 as never },
    });
    assertEquals(await peer.ask(PULL, {}, ben), {
      version: 2,
      code: 2104,
      payload: [{
        sender: anna,
        messageId: 1 as never,
        type: 3,
        content: text("hi"),
      }],
    });
    assertEquals(await peer.pull(ben), []);
    assertEquals(await peer.pull(anna), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "who isn't registered gets 9000, and so does who writes to a stranger (REQ-4, KEY-2, SND-3)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const content = text("x");
    const refused = [
      await peer.ask("clientsList", {}, STRANGER),
      await peer.ask(PULL, {}, STRANGER),
      await peer.ask("publicKey", { target: anna }, STRANGER),
      await peer.ask("publicKey", { target: STRANGER }, anna),
      await peer.ask(
        "sendMessage",
        { target: anna, type: 3, content },
        STRANGER,
      ),
      await peer.ask(
        "sendMessage",
        { target: STRANGER, type: 3, content },
        anna,
      ),
      await peer.ask("register", { name: "anna", publicKey: OTHER_KEY }),
    ];
    assertEquals(refused.map(({ code }) => code), refused.map(() => 9000));
    // The same registration again: its answer may have been lost (NAM-5).
    assertEquals(await peer.register("anna"), anna);
    // Names are case-sensitive.
    assertNotEquals(await peer.register("Anna"), anna);
    assertEquals(await peer.pull(anna), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a wrong size gets 9000, and the request behind it is served (REQ-6, REQ-7)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const list = encodeRequest("clientsList", {}, { clientId: anna });
    const cases: [number, number][] = [
      [600, 414],
      [600, 416],
      [601, 5],
      [602, 15],
      [602, 17],
      [602, 0],
      [603, 0],
      [603, 20],
      [604, 1],
      [604, 100_000],
      [1234, 70_000],
    ];
    for (const [code, size] of cases) {
      const junk = new Uint8Array(size).fill(0xee);
      await peer.write(concat([header(code, size, anna), junk, list]));
      assertEquals((await peer.response()).code, 9000, `${code} with ${size}`);
      assertEquals((await peer.response()).code, 2101, `behind ${code}`);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a 603 that is too short is refused though nothing follows it (SND-8)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    await peer.write(concat([header(603, 5, anna), new Uint8Array(5)]));
    assertEquals((await peer.response()).code, 9000);
    assertEquals(await peer.pull(anna), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a type 1 without content ends after 21 bytes, whatever its header claims (SND-7)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const request = concat([anna, new Uint8Array([1, 0, 0, 0, 0])]);
    const claims = [0, 20, 21, 22, 149, 70_000, 0x7fffffff, 0xcccccccc];
    for (const claim of claims) {
      await peer.write(concat([header(603, claim, anna), request]));
      assertEquals((await peer.response()).code, 2103, `a claim of ${claim}`);
    }
    assertEquals((await peer.pull(anna)).length, claims.length);
    // With content it is relayed as it is; a false size is refused.
    const full = new Uint8Array(128).fill(0x5a);
    await peer.send(anna, anna, full, 1);
    assertEquals(await peer.pull(anna), [full.toHex()]);
    const lying = concat([anna, new Uint8Array([1, 9, 0, 0, 0]), full]);
    await peer.write(concat([header(603, lying.length, anna), lying]));
    assertEquals((await peer.response()).code, 9000);
    assertEquals(await peer.pull(anna), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a message over the limit gets 9000 before it is read, one at the limit is taken (SND-12)",
  async () => {
    const content = new Uint8Array(100_000 - 21).fill(0x61);
    await using relay = await testRelay({ limits: { maxMessage: 100_000 } });
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    await peer.send(anna, anna, content);
    const over = encodeRequest(
      "sendMessage",
      { target: anna, type: 3, content: concat([content, text("a")]) },
      { clientId: anna },
    );
    // Only the header and a little goes out before the answer is there.
    await peer.write(over.subarray(0, 60));
    assertEquals((await peer.response()).code, 9000);
    await peer.write(over.subarray(60));
    assertEquals(await peer.pull(anna), [content.toHex()]);
  },
);

/** Every kind of request once, with the code that each is answered with. */
function conversation(
  anna: ClientId,
  name: string,
): { frame: Uint8Array; code: number }[] {
  const options = { clientId: anna };
  const content = text("hello");
  return [
    {
      frame: encodeRequest("register", { name, publicKey: KEY }, options),
      code: 2100,
    },
    { frame: encodeRequest("clientsList", {}, options), code: 2101 },
    {
      frame: encodeRequest("publicKey", { target: anna }, options),
      code: 2102,
    },
    {
      frame: encodeRequest(
        "sendMessage",
        { target: anna, type: 3, content },
        options,
      ),
      code: 2103,
    },
    { frame: encodeRequest(PULL, {}, options), code: 2104 },
    { frame: header(601, 3, anna), code: 9000 },
  ].map(({ frame, code }) => ({
    frame: code === 9000 ? concat([frame, text("abc")]) : frame,
    code,
  }));
}

testWith(
  LOOPBACK_AND_FILES,
  "each request is answered whole, split at every byte, and byte by byte (FRM-3)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    peer.conn.setNoDelay(true);
    const anna = await peer.register("anna");
    let users = 0;
    let splits = 0;
    const kinds = conversation(anna, "x").length;
    for (let kind = 0; kind < kinds; kind++) {
      const next = () => conversation(anna, `user${users++}`)[kind];
      const size = next()?.frame.length ?? 0;
      for (let cut = 0; cut < size; cut++) {
        const { frame, code } = next() ?? { frame: KEY, code: 0 };
        await peer.write(frame.subarray(0, cut));
        await peer.write(frame.subarray(cut));
        assertEquals((await peer.response()).code, code);
        splits++;
      }
      const { frame, code } = next() ?? { frame: KEY, code: 0 };
      for (const byte of frame) await peer.write(new Uint8Array([byte]));
      assertEquals((await peer.response()).code, code);
    }
    assertEquals(splits, 438 + 23 + 39 + 49 + 23 + 26);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "50 requests at once are answered in order, however they are cut (FRM-4)",
  async () => {
    await using relay = await testRelay();
    using first = await Peer.connect(relay.address);
    const anna = await first.register("anna");
    let users = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { minLength: 50, maxLength: 50 }),
        fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 3 }),
        async (kinds, pieces) => {
          using peer = await Peer.connect(relay.address);
          const requests = kinds.map((kind) => {
            const all = conversation(anna, `user${users++}`);
            return all[kind % all.length] ?? { frame: KEY, code: 0 };
          });
          const bytes = concat(requests.map(({ frame }) => frame));
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = pieces[turn % pieces.length] ?? bytes.length;
            await peer.write(bytes.subarray(at, at + size));
            at += size;
          }
          for (const { code } of requests) {
            assertEquals((await peer.response()).code, code);
          }
        },
      ),
      { numRuns: 10 },
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "answers are the same bytes whether asked together or alone",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    await peer.register("ben");
    const list = encodeRequest("clientsList", {}, { clientId: anna });
    const key = encodeRequest("publicKey", { target: anna }, {
      clientId: anna,
    });
    const alone: string[] = [];
    for (const frame of [list, key, list]) {
      await peer.write(frame);
      alone.push((await peer.responseBytes())?.toHex() ?? "");
    }
    await peer.write(concat([list, key, list]));
    for (const expected of alone) {
      assertEquals((await peer.responseBytes())?.toHex(), expected);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a request that stalls ends its connection; a silent one stays (CON-11, CON-3)",
  async () => {
    await using relay = await testRelay({ limits: { progressTimeout: 50 } });
    using idle = await Peer.connect(relay.address);
    using stalled = await Peer.connect(relay.address);
    await stalled.write(header(602, 16).subarray(0, 10));
    assertEquals(await stalled.responseBytes(), null);
    // The stalled one was given 50 ms, and the idle one has been silent longer.
    const anna = await idle.register("anna");
    assertEquals(anna.length, 16);
    // So is one that stalls right behind a pull.
    using behind = await Peer.connect(relay.address);
    await idle.send(anna, anna, text("x"));
    const pull = pullRequest(anna);
    await behind.write(concat([pull, header(602, 16).subarray(0, 10)]));
    assertEquals((await behind.response()).code, 2104);
    assertEquals(await behind.responseBytes(), null);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "closing the relay finishes what is under way",
  async () => {
    await using relay = await testRelay();
    using idle = await Peer.connect(relay.address);
    const anna = await idle.register("anna");
    using busy = await Peer.connect(relay.address);
    const frame = encodeRequest(
      "sendMessage",
      { target: anna, type: 3, content: text("last words") },
      { clientId: anna },
    );
    // Half of it goes out with another request: once that one is answered the
    // relay has begun to read this one.
    const list = encodeRequest("clientsList", {}, { clientId: anna });
    await busy.write(concat([list, frame.subarray(0, 30)]));
    assertEquals((await busy.response()).code, 2101);
    const closed = relay.relay.close();
    assertEquals(await idle.responseBytes(), null);
    await busy.write(frame.subarray(30));
    assertEquals((await busy.response()).code, 2103);
    assertEquals(await busy.responseBytes(), null);
    await closed;
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a client that dawdles doesn't hold a stop up",
  async () => {
    await using relay = await testRelay({ drainTimeout: 50 });
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    using dawdler = await Peer.connect(relay.address);
    const list = encodeRequest("clientsList", {}, { clientId: anna });
    await dawdler.write(concat([list, header(603, 1000, anna)]));
    assertEquals((await dawdler.response()).code, 2101);
    await relay.relay.close();
    assertEquals(relay.relay.connections, 0);
    assertEquals(await dawdler.responseBytes(), null);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "LastSeen is set on every valid request, and on no other",
  async () => {
    await using relay = await fileRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const { Database } = await import("@db/sqlite");
    const database = new Database(`${relay.dir}/db.defensive`);
    try {
      const lastSeen = () =>
        database.prepare<{ seen: string }>(
          "SELECT LastSeen AS seen FROM clients",
        )
          .get()?.seen ?? "";

      let last = lastSeen();
      assertEquals(last, new Date(last).toISOString());
      const content = text("x");
      for (
        const ask of [
          () => peer.ask("clientsList", {}, anna),
          () => peer.ask("publicKey", { target: anna }, anna),
          () =>
            peer.ask("sendMessage", { target: anna, type: 3, content }, anna),
          () => peer.ask(PULL, {}, anna),
        ]
      ) {
        // A visit within the same millisecond would look like the last one.
        await until("time to pass", () => new Date().toISOString() > last);
        await ask();
        await until("a later LastSeen", () => lastSeen() !== last);
        assert(lastSeen() > last);
        last = lastSeen();
      }
    } finally {
      database.close();
    }
  },
);
