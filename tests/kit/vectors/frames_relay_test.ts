import { assert, assertEquals } from "@std/assert";
import {
  BLOCK_SIZE,
  dialectNamed,
  dialectOf,
  responseCodeIn,
} from "../../../shared/wire/dialects.ts";
import {
  type ClientId,
  PROTOCOL_VERSION,
} from "../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  type RequestKind,
  responseCode,
} from "../../../shared/wire/requests.ts";
import {
  type ResponseHeader,
  responseHeader,
} from "../../../shared/wire/frames.ts";
import { defaultLimits } from "../../../server/relay/limits/limits.ts";
import { anna, ben } from "../../../lab/vectors/people.ts";
import type { FrameVector } from "../../../lab/vectors/vector.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { type TestRelay, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { bytesOf, readVectors } from "../../support/wire/vectors.ts";

/** What all of the requests are about: those whom they name are registered. */
async function relayOfPeople(): Promise<TestRelay> {
  const relay = await testRelay();
  await registerPeople(relay);
  return relay;
}

/** Registers those who aren't, at first or after a request that deleted them. */
async function registerPeople({ store }: TestRelay): Promise<void> {
  for (const { clientId: id, name, publicKey } of [anna, ben]) {
    // The names stay free for the registrations among the vectors.
    const client = { id, name: `registered-${name}`, publicKey };
    await store.register(client, new Date());
    assert(await store.requester(id) !== undefined);
  }
}

const requests = async (relay: FrameVector["relay"]) =>
  (await readVectors("frames")).filter((vector) => vector.relay === relay);

function headerOf(answer: Uint8Array | null): ResponseHeader | undefined {
  return answer === null
    ? undefined
    : responseHeader.decode(answer.subarray(0, 7));
}

/** The code under which a request is answered. */
function dueCode({ meaning, name }: FrameVector): number {
  const { kind, header = {} } = meaning;
  const code = responseCode[kind as RequestKind];
  assert(code !== undefined, name);
  return responseCodeIn(dialectOf(Number(header["code"])), code);
}

/** That the next request on the connection is served. */
async function assertServed(
  peer: Peer,
  clientId: ClientId,
  name: string,
): Promise<void> {
  const { code } = await peer.ask("clientsList", {}, clientId);
  assertEquals(code, responseCode.clientsList, `${name}, and another request`);
}

testWith(
  LOOPBACK_AND_FILES,
  "the relay responds to sound requests",
  async () => {
    await using relay = await relayOfPeople();
    const vectors = await requests("answers");
    const sent: string[] = [];
    for (const vector of vectors) {
      const { name, dialect, verdict, meaning } = vector;
      await registerPeople(relay);
      using peer = await Peer.connect(relay.address);
      await peer.write(bytesOf(vector));
      const answer = await peer.responseBytes();
      const header = headerOf(answer);
      assertEquals(header?.code, dueCode(vector), name);
      assertEquals(header?.version, PROTOCOL_VERSION, name);
      if (meaning.kind === "sendMessage") {
        // SND-7: a request for a key may not reach as far as it says.
        sent.push(`${meaning.payload?.[0]?.["content"] ?? ""}`);
      }
      if (dialectNamed(dialect).blockSize > 0) {
        if (verdict === "valid") await assertPadded(peer, answer, name);
      } else if (verdict !== "FRM-2") {
        await registerPeople(relay);
        await assertServed(peer, anna.clientId, name);
      }
    }
    assert(vectors.length > 0 && sent.length > 0);
    using peer = await Peer.connect(relay.address);
    assertEquals(await peer.pull(ben.clientId), sent, "SND-4");
    assertEquals(relay.reports, []);
  },
);

/** That zeros fill an answer to a block, and the end follows them. */
async function assertPadded(
  peer: Peer,
  answer: Uint8Array | null,
  name: string,
): Promise<void> {
  const size = answer?.length ?? 0;
  const padding = await peer.source.take(BLOCK_SIZE - size % BLOCK_SIZE);
  assertEquals(padding?.every((byte) => byte === 0), true, name);
  assertEquals(await peer.source.has(1), false, name);
}

testWith(
  LOOPBACK_AND_FILES,
  "the relay refuses bad requests, and reads past them",
  async () => {
    await using relay = await relayOfPeople();
    const vectors = await requests("refuses");
    for (const vector of vectors) {
      const { name, verdict, meaning } = vector;
      using peer = await Peer.connect(relay.address);
      await peer.write(bytesOf(vector));
      const header = headerOf(await peer.responseBytes());
      const refusal = { version: 2, code: ERROR_CODE, payloadSize: 0 };
      assertEquals(header, refusal, name);
      // What a size in big endian claims doesn't come.
      const isWhole = verdict !== "FRM-1" ||
        meaning.header?.["payloadSize"] === 0;
      if (isWhole) await assertServed(peer, anna.clientId, name);
    }
    assert(vectors.length > 0);
    using peer = await Peer.connect(relay.address);
    assertEquals(await peer.pull(ben.clientId), [], "SND-11");
    const { payload } = await peer.ask("clientsList", {}, anna.clientId);
    assertEquals((payload as unknown[]).length, 1, "REG-2");
    assertEquals(relay.reports, []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the relay needn't respond to a request that is cut off",
  async () => {
    await using relay = await relayOfPeople();
    const vectors = await requests("waits");
    for (const vector of vectors) {
      const { name, meaning } = vector;
      using peer = await Peer.connect(relay.address);
      await peer.write(bytesOf(vector));
      await peer.conn.closeWrite();
      const header = headerOf(await peer.responseBytes());
      // SND-12: it may refuse at once what is larger than it takes.
      const size = Number(meaning.header?.["payloadSize"] ?? 0);
      const isTooLarge = size > defaultLimits.maxMessage;
      assertEquals(header?.code, isTooLarge ? 9000 : undefined, name);
    }
    assert(vectors.length > 0);
    using peer = await Peer.connect(relay.address);
    assertEquals(await peer.pull(ben.clientId), [], "CON-7");
    assertEquals(relay.reports, []);
  },
);
