import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import {
  importPrivateKey,
  publicKeyOf,
} from "../../../shared/crypto/crypto.ts";
import { endingOf } from "../../support/wire/conversation_ending.ts";
import { judgeConversation } from "../../support/wire/conversation_judge.ts";
import { throughCodec } from "../../support/wire/frame_codec.ts";
import { FILES, testWith } from "../../support/test_with.ts";
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
