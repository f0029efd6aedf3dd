import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import {
  type Dialect,
  dialectNamed,
  dialects,
  requestCode,
  responseCodeIn,
} from "../../../shared/wire/dialects.ts";
import {
  type ClientId,
  MessageType,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import {
  byKind,
  type RequestKind,
  requestKinds,
  responseCode,
} from "../../../shared/wire/requests.ts";
import {
  encodeRequest,
  requestHeaderOf,
  responseHeader,
} from "../../../shared/wire/frames.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { samplePayload } from "../../../lab/harness/sample_payload.ts";
import { PULL, unusedCodes } from "../../../kit/requests.ts";

const STRANGER = new Uint8Array(16).fill(0x77) as Uint8Array as ClientId;
const CONTENT = new TextEncoder().encode("hello");

/** Those whose connections stay open; the block clients have a test file of their own. */
const unpadded = dialects.filter(({ blockSize }) => blockSize === 0);

/** Every request once, as this client sends it. */
function conversation(
  dialect: Dialect,
  me: ClientId,
  name: string,
): Record<RequestKind, Uint8Array> {
  const publicKey = new Uint8Array(160).fill(7);
  const values = {
    name,
    publicKey,
    clientId: me,
    messageType: MessageType.Text,
    content: CONTENT,
  };
  return byKind((kind) =>
    encodeRequest(kind, samplePayload(kind, values) as never, {
      clientId: me,
      dialect,
    })
  );
}

function header(dialect: Dialect, code: number, payloadSize: number) {
  const fields = { clientId: STRANGER, version: 2, code, payloadSize };
  return requestHeaderOf(dialect).encode(fields);
}

/** The code of the next answer, as it stands there. */
async function nextCode(peer: Peer): Promise<number> {
  const bytes = await peer.responseBytes();
  assert(bytes !== null, "an answer");
  return responseHeader.decode(bytes.subarray(0, 7)).code;
}

testWith(
  LOOPBACK_AND_FILES,
  "each dialect's requests are answered under its own codes",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    for (const dialect of unpadded) {
      const publicKey = new Uint8Array(160).fill(7);
      const payload = { name: `user${dialect.name}`, publicKey };
      const answer = await peer.ask("register", payload, STRANGER, dialect);
      assert(answer.code === 2100);
      const { clientId } = answer.payload;
      const frames = conversation(dialect, clientId, `other${dialect.name}`);
      const codes: number[] = [];
      for (const kind of requestKinds) {
        await peer.write(frames[kind]);
        codes.push(await nextCode(peer));
      }
      assertEquals(
        codes,
        requestKinds.map((kind) => responseCodeIn(dialect, responseCode[kind])),
      );
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "wrong sizes, strangers and unknown codes get 9000 in every dialect, and what follows is served",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const refused = async (bytes: Uint8Array) => {
      await peer.write(bytes);
      assertEquals(await nextCode(peer), 9000);
      assertEquals((await peer.ask("clientsList", {}, anna)).code, 2101);
    };
    for (const dialect of unpadded) {
      for (const kind of requestKinds) {
        const code = requestCode(kind, dialect);
        for (const size of [1, 22, 23, 414, 416]) {
          await refused(
            concat([header(dialect, code, size), new Uint8Array(size)]),
          );
        }
      }
      const stranger = conversation(dialect, STRANGER, "x");
      for (const kind of requestKinds) {
        if (kind !== "register") await refused(stranger[kind]);
      }
      if (dialect.codeSize === 1) continue;
      for (const code of unusedCodes(dialect)) {
        await refused(header(dialect, code, 0));
      }
    }
    // These are no codes of one byte, so their headers have 23.
    const short = unusedCodes(dialectNamed("100"));
    for (const code of [...short, 0, 1, 2100, 9000]) {
      await refused(header(dialectNamed("600"), code, 0));
    }
    assertEquals(relay.reports, []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a list, a key and a message of each dialect arrive byte by byte",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    peer.conn.setNoDelay(true);
    for (const dialect of unpadded) {
      const anna = await peer.register(`anna${dialect.name}`);
      const frames = conversation(dialect, anna, `user${dialect.name}`);
      for (const kind of requestKinds) {
        for (const byte of frames[kind]) {
          await peer.write(new Uint8Array([byte]));
        }
        const { code } = await peer.response(dialect);
        assertEquals(code, responseCode[kind]);
      }
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "requests of all dialects that come at once are answered in their order",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const asked: { bytes: Uint8Array; code: number }[] = [];
    for (let round = 0; round < 20; round++) {
      for (const dialect of unpadded) {
        const name = `user${dialect.name}_${round}`;
        const anna = await peer.register(`anna_${name}`);
        const frames = conversation(dialect, anna, name);
        for (const kind of requestKinds) {
          const code = responseCodeIn(dialect, responseCode[kind]);
          asked.push({ bytes: frames[kind], code });
        }
        const register = encodeRequest("register", {
          name: `zero_${name}`,
          publicKey: new Uint8Array(160),
        }, { clientId: ZERO_ID, dialect });
        asked.push({ bytes: register, code: responseCodeIn(dialect, 2100) });
      }
    }
    const codes = asked.map(({ code }) => code);
    const whole = concat(asked.map(({ bytes }) => bytes));
    const writing = peer.write(whole);
    for (const [i, code] of codes.entries()) {
      assertEquals(await nextCode(peer), code, `answer ${i}`);
    }
    await writing;
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a large list and a large message go out in pieces under each dialect's codes",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const content = new Uint8Array(3_000_000).fill(9);
    for (const dialect of unpadded) {
      const message = { target: anna, type: 4, content } as const;
      await peer.ask("sendMessage", message, anna, dialect);
      await peer.write(
        encodeRequest(PULL, {}, { clientId: anna, dialect }),
      );
      const { code, payload } = await peer.response(dialect);
      assert(code === 2104);
      assertEquals(payload.map(({ content }) => content.length), [3_000_000]);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a single zero behind each request costs no answer (DIA-7)",
  async () => {
    await using relay = await testRelay();
    for (const dialect of unpadded) {
      using peer = await Peer.connect(relay.address);
      const me = await peer.register(`zero${dialect.name}`);
      const frames = conversation(dialect, me, `one${dialect.name}`);
      // The second registration's id, of zeros, follows a zero.
      const again = conversation(dialect, ZERO_ID, `two${dialect.name}`);
      const codeOf = (kind: RequestKind) =>
        responseCodeIn(dialect, responseCode[kind]);
      for (
        const [bytes, code] of [
          [frames.sendMessage, codeOf("sendMessage")],
          [again.register, codeOf("register")],
          [frames.publicKey, codeOf("publicKey")],
          [frames[PULL], codeOf(PULL)],
          [frames[PULL], codeOf(PULL)],
        ] as const
      ) {
        await peer.write(concat([bytes, new Uint8Array(1)]));
        assertEquals(await nextCode(peer), code, dialect.name);
      }
      // The request behind a pull, and the zero before it, show that it was taken.
      const left = await relay.store.waiting(me, { bytes: 1, perMessage: 1 });
      assertEquals(left.length, 0, dialect.name);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "an id that begins with a zero, and one of zeros, are what they are",
  async () => {
    await using relay = await testRelay();
    const id = new Uint8Array(16).fill(1, 1) as Uint8Array as ClientId;
    const publicKey = new Uint8Array(160);
    const known = { id, name: "zero", publicKey };
    assert(await relay.store.register(known, new Date()));
    for (const dialect of unpadded) {
      using peer = await Peer.connect(relay.address);
      const frames = conversation(dialect, id, `other${dialect.name}`);
      const first = responseCodeIn(dialect, 2100);
      const kinds = ["clientsList", "publicKey", "sendMessage"] as const;
      await peer.write(concat(kinds.map((kind) => frames[kind])));
      for (const i of [1, 2, 3]) {
        assertEquals(await nextCode(peer), first + i, dialect.name);
      }
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a request for a key may come without its size, the id in a second write (DIA-8)",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const me = await peer.register("anna");
    for (const dialect of unpadded) {
      const code = requestCode("publicKey", dialect);
      const fields = { clientId: me, version: 2, code, payloadSize: 0 };
      const bare = requestHeaderOf(dialect).encode(fields);
      const { clientsList } = conversation(dialect, me, "ben");
      for (let turn = 0; turn < 2; turn++) {
        await peer.write(bare);
        await peer.write(me);
        assertEquals(
          await nextCode(peer),
          responseCodeIn(dialect, 2102),
          dialect.name,
        );
      }
      // Nothing follows, or the next request does: then it is refused.
      await peer.write(bare);
      assertEquals(await nextCode(peer), 9000, dialect.name);
      await peer.write(concat([bare, clientsList]));
      assertEquals(await nextCode(peer), 9000, dialect.name);
      assertEquals(
        await nextCode(peer),
        responseCodeIn(dialect, 2101),
        dialect.name,
      );
    }
  },
);
