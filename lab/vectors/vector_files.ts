/**
 * The files of `kit/vectors/`, of which this is the source: what is in them follows
 * from the cases here, with nothing drawn, so that they come out the same each
 * time. What is random by nature stands in material.json.
 *
 * @module
 */

import { CHANNEL_VERSION } from "../../shared/secure/secure_protocol.ts";
import { PROTOCOL_VERSION } from "../../shared/wire/protocol.ts";
import { brokenAnswers } from "./frames/broken_answers.ts";
import { brokenConversations } from "./conversations/broken_conversations.ts";
import { brokenRequests } from "./frames/broken_requests.ts";
import { contentCases } from "./ciphertexts/content_cases.ts";
import { dialectFrames } from "./frames/dialect_frames.ts";
import { identityCases } from "./keys/identity_cases.ts";
import { keyCases } from "./keys/key_cases.ts";
import { recordedConversation } from "./conversations/recorded_conversation.ts";
import { secureCases } from "./secure/secure_cases.ts";
import { soundConversations } from "./conversations/sound_conversations.ts";
import { soundFrames } from "./frames/sound_frames.ts";
import { symmetricKeyCases } from "./keys/symmetric_key_cases.ts";
import type { VectorFile, VectorKind, VectorKinds } from "./vector.ts";

/** The revision of docs/protocol.md that the cases are held against. */
const REVISION = 1;
/** That of docs/secure.md. */
const SECURE_REVISION = 1;

type Content<K extends VectorKind> = readonly [
  about: string,
  cases: () => readonly VectorKinds[K][] | Promise<readonly VectorKinds[K][]>,
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
  secure: [
    "Bytes of the secure protocol: records, packages, certificates, lines, signatures and frames.",
    secureCases,
  ],
};

/** The kinds of files, in the order in which they are made. */
export const vectorKinds = Object.keys(contents) as VectorKind[];

/** What a file holds. */
export async function vectorFile<K extends VectorKind>(
  kind: K,
): Promise<VectorFile<K>> {
  const [about, cases] = contents[kind];
  const isSecure = kind === "secure";
  return {
    $schema: "./schema.json",
    kind,
    about,
    protocol: isSecure ? CHANNEL_VERSION : PROTOCOL_VERSION,
    revision: isSecure ? SECURE_REVISION : REVISION,
    cases: await cases(),
  };
}

/** The text of a file. */
export async function vectorText(kind: VectorKind): Promise<string> {
  return `${JSON.stringify(await vectorFile(kind), null, 2)}\n`;
}
