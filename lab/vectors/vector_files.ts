/**
 * The files of `kit/vectors/`, of which this is the source: what is in them follows
 * from the cases here, with nothing drawn, so that they come out the same each
 * time. What is random by nature stands in material.json.
 *
 * @module
 */

import { PROTOCOL_VERSION } from "../../shared/wire/protocol.ts";
import { brokenAnswers } from "./frames/broken_answers.ts";
import { brokenConversations } from "./conversations/broken_conversations.ts";
import { brokenRequests } from "./frames/broken_requests.ts";
import { contentCases } from "./ciphertexts/content_cases.ts";
import { dialectFrames } from "./frames/dialect_frames.ts";
import { identityCases } from "./keys/identity_cases.ts";
import { keyCases } from "./keys/key_cases.ts";
import { recordedConversation } from "./conversations/recorded_conversation.ts";
import { soundConversations } from "./conversations/sound_conversations.ts";
import { soundFrames } from "./frames/sound_frames.ts";
import { symmetricKeyCases } from "./keys/symmetric_key_cases.ts";
import type { VectorFile, VectorKind, VectorKinds } from "./vector.ts";

/** The revision of docs/protocol.md that the cases are held against. */
export const REVISION = 1;

type Content<K extends VectorKind> = readonly [
  about: string,
  cases: () => readonly VectorKinds[K][],
];

const contents: { readonly [K in VectorKind]: Content<K> } = {
  frames: [
    "Requests and answers of MessageU, byte by byte.",
    () => [
      ...dialectFrames(),
      ...soundFrames(),
      ...brokenRequests(),
      ...brokenAnswers(),
    ],
  ],
  keys: [
    "Public keys as they are registered, and private ones as they are kept.",
    keyCases,
  ],
  ciphertexts: [
    "Contents of messages, with the keys that open them.",
    () => [...symmetricKeyCases(), ...contentCases()],
  ],
  identities: ["Identity files: info.me as programs write it.", identityCases],
  conversations: [
    "Whole conversations between people and a relay, both sides of them.",
    () => [
      ...soundConversations(),
      recordedConversation(),
      ...brokenConversations(),
    ],
  ],
};

/** The kinds of files, in the order in which they are made. */
export const vectorKinds = Object.keys(contents) as VectorKind[];

/** What a file holds. */
export function vectorFile<K extends VectorKind>(kind: K): VectorFile<K> {
  const [about, cases] = contents[kind];
  return {
    $schema: "./schema.json",
    kind,
    about,
    protocol: PROTOCOL_VERSION,
    revision: REVISION,
    cases: cases(),
  };
}

/** The text of a file. */
export function vectorText(kind: VectorKind): string {
  return `${JSON.stringify(vectorFile(kind), null, 2)}\n`;
}
