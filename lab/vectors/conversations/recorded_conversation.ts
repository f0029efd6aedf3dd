/**
 * A part of what a C++ client and a Python server said to each other: two
 * people register, one asks for a key, gets it, and sends a text.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { decodeHex, encodeHex } from "@std/encoding";
import { decodeResponse } from "../../harness/responses.ts";
import {
  type ClientId,
  PUBLIC_KEY_SIZE,
  RESPONSE_HEADER_SIZE,
} from "../../../shared/wire/protocol.ts";
import type { ResponseCode } from "../../../shared/wire/requests.ts";
import noa from "../../recordings/noa.json" with { type: "json" };
import type { Direction } from "../../../kit/dissect/dissector.ts";
import { frameMeaning } from "../frames/frame_meaning.ts";
import { Memory } from "../memory.ts";
import type { Person } from "../people.ts";
import type { ConversationVector, Step } from "../vector.ts";

type Recorded = typeof noa.exchange[number];

/** The frames that are taken, by their orders: first and last of each part. */
const PARTS = [[1, 4], [9, 12], [17, 34], [117, 124]] as const;

/** The one recorded conversation. */
export function recordedConversation(): ConversationVector {
  const frames = noa.exchange.filter(({ order }) =>
    PARTS.some(([first, last]) => first <= order && order <= last)
  );
  const connections = [...new Set(frames.map(({ connection }) => connection))];
  const people = [person("alice", frames), person("bob", frames)];
  const steps = frames.map((frame): Step => {
    const direction: Direction = frame.direction === "request"
      ? "request"
      : "answer";
    return {
      connection: 1 + connections.indexOf(frame.connection),
      direction,
      dialect: "600",
      bytes: frame.hex,
      meaning: frameMeaning(decodeHex(frame.hex), direction, "600"),
    };
  });
  return {
    name: "conversation-recorded",
    about:
      "Between a C++ client and a Python server: two people register, one asks for a key, gets it, and sends a text. The server lists the asker too.",
    verdict: "LST-3",
    people: people.map(({ name, clientId, publicKey, privateKey }) => ({
      name,
      clientId: encodeHex(clientId),
      publicKey: encodeHex(publicKey),
      privateKey: encodeHex(privateKey),
      registered: false,
    })),
    steps,
    bytes: steps.map(({ bytes }) => bytes).join(""),
    meaning: {
      people: people.map((person) => knowledgeOf(person, people, frames)),
      // The last pull brought all there was.
      waiting: [],
    },
  };
}

function person(
  name: "alice" | "bob",
  frames: readonly Recorded[],
): Person {
  const client = noa.clients[name];
  const registration = frames.find((frame) =>
    frame.client === name && frame.code === 600
  );
  return {
    name,
    clientId: decodeHex(client.client_id_hex) as ClientId,
    publicKey: decodeHex(registration?.hex ?? "").slice(-PUBLIC_KEY_SIZE),
    privateKey: decodeHex(client.private_key_pkcs8_hex),
  };
}

function knowledgeOf(
  person: Person,
  people: readonly Person[],
  frames: readonly Recorded[],
) {
  const memory = new Memory(
    person,
    false,
    (id) => people.find(({ clientId }) => equals(clientId, id))?.name ?? "",
    (content) =>
      noa.symmetric_keys.find(({ to, encrypted_hex }) =>
        to === person.name && encrypted_hex === content
      )?.key_hex,
  );
  for (const { client, direction, code, hex, order } of frames) {
    if (client !== person.name) continue;
    const sent = noa.symmetric_keys.find(({ request_order }) =>
      request_order === order
    );
    if (sent !== undefined) memory.share(sent.to, sent.key_hex);
    if (direction === "request") continue;
    const payload = decodeHex(hex).subarray(RESPONSE_HEADER_SIZE);
    memory.hear(decodeResponse(code as ResponseCode, payload));
  }
  return memory.knowledge;
}
