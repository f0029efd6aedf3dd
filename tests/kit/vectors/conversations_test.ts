import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { clauses } from "../../../kit/clauses.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import type { ConversationVector } from "../../../lab/vectors/vector.ts";
import {
  importPrivateKey,
  publicKeyOf,
} from "../../../shared/crypto/crypto.ts";
import {
  FILES,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";
import { endingOf } from "../../support/wire/conversation_ending.ts";
import { judgeConversation } from "../../support/wire/conversation_judge.ts";
import { Replay } from "../../support/wire/conversation_replay.ts";
import { throughCodec } from "../../support/wire/frame_codec.ts";
import { bytesOf, readVectors } from "../../support/wire/vectors.ts";

testWith(
  FILES,
  "each step has its meaning, and all together the conversation's",
  async () => {
    for (const { name, steps, bytes } of await readVectors("conversations")) {
      for (const step of steps) {
        const { direction, dialect } = step;
        const found = throughCodec(bytesOf(step), direction, dialect);
        assertEquals(found.meaning, step.meaning, name);
        assertEquals(encodeHex(found.again), step.bytes, name);
      }
      assertEquals(steps.map(({ bytes }) => bytes).join(""), bytes, name);
    }
  },
);

testWith(FILES, "the people's keys are pairs", async () => {
  for (const { name, people } of await readVectors("conversations")) {
    for (const { privateKey, publicKey } of people) {
      const key = await importPrivateKey(bytesOf({ bytes: privateKey }));
      assertEquals(encodeHex(await publicKeyOf(key)), publicKey, name);
    }
  }
});

testWith(FILES, "each conversation breaks its clause, or none", async () => {
  for (const vector of await readVectors("conversations")) {
    const { name, verdict } = vector;
    assertEquals(
      await judgeConversation(vector),
      verdict === "valid" ? [] : [verdict],
      name,
    );
  }
});

testWith(
  FILES,
  "each conversation leads to its resulting state, by its bytes and keys alone",
  async () => {
    for (const vector of await readVectors("conversations")) {
      assertEquals(await endingOf(vector), vector.meaning, vector.name);
    }
  },
);

/** Relays at a time: most of a conversation is waiting for ends of connections. */
const AT_ONCE = 8;

testWith(
  LOOPBACK_AND_FILES,
  "the relay responds as in valid conversations, and unlike in broken ones",
  async () => {
    const vectors = await readVectors("conversations");
    const seen = { same: 0, other: 0 };
    const queue = vectors.values();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const vector of queue) seen[await replayed(vector)]++;
    }));
    assert(seen.same > 0 && seen.other > 0);
    assertEquals(seen.same + seen.other, vectors.length);
  },
);

/** Says a conversation again to a new relay, and how that has to answer. */
async function replayed(
  vector: ConversationVector,
): Promise<"same" | "other"> {
  const { name, verdict, steps } = vector;
  await using relay = await testRelay();
  using replay = new Replay(relay, vector);
  const different = await replay.differences();
  assertEquals(relay.reports, [], name);
  const isSame = verdict === "valid" || clauses[verdict].party === "client";
  if (isSame) {
    assertEquals(different, [], name);
    return "same";
  }
  assert(different.length > 0, name);
  assert(different.every((at) => steps[at]?.direction === "answer"), name);
  return "other";
}
