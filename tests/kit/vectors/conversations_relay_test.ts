import { assert, assertEquals } from "@std/assert";
import { clauses } from "../../../kit/clauses.ts";
import type { ConversationVector } from "../../../lab/vectors/vector.ts";
import { Replay } from "../../support/wire/conversation_replay.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { readVectors } from "../../support/wire/vectors.ts";

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
