import { concat } from "@std/bytes";
import { decodeHex } from "@std/encoding";
import { defaultDialect } from "../../../shared/wire/dialects.ts";
import { MessageType, NAME_SIZE } from "../../../shared/wire/protocol.ts";
import {
  type RequestKind,
  requestKinds,
  requests,
  responseCode,
} from "../../../shared/wire/requests.ts";
import { brokenAnswer } from "./frame_case.ts";
import { bigEndian, resized, withField } from "./frame_edits.ts";
import {
  failed,
  filled,
  KEY,
  keyOfBen,
  listed,
  MAX_U32,
  NOTHING,
  registered,
  sampleAnswer,
  taken,
  TEXT,
  utf8,
  waiting,
} from "./frames.ts";
import { padded } from "../keys/key_forms.ts";
import { ben, clara } from "../people.ts";
import type { FrameVector } from "../vector.ts";

const edited = (frame: Uint8Array, path: string, value: number | Uint8Array) =>
  withField(frame, "answer", path, value);
const sized = (frame: Uint8Array, change: number) =>
  resized(frame, "answer", change);
/** An answer with nothing but bytes of our own behind its header. */
const holding = (frame: Uint8Array, payload: Uint8Array) =>
  edited(
    concat([frame.subarray(0, 7), payload]),
    "header.payloadSize",
    payload.length,
  );

/** Answers that break a clause each, by the clauses' order. */
export function brokenAnswers(): FrameVector[] {
  return [
    ...framing(),
    ...requestKinds.map(oneByteMore),
    ...payloads(),
    ...lists(),
    ...inboxes(),
  ];
}

function framing(): FrameVector[] {
  const version = (version: number) =>
    brokenAnswer(
      "ANS-2",
      `version-${version}`,
      `A list of version ${version}; a client takes it (ANS-4).`,
      edited(listed(), "header.version", version),
    );
  const unused = defaultDialect.firstResponse + requestKinds.length;
  return [
    brokenAnswer(
      "FRM-1",
      "registered-big-endian",
      "Code and size of a 2100 in big endian.",
      bigEndian(registered(), "answer"),
    ),
    brokenAnswer(
      "FRM-2",
      "header-cut",
      "A header that ends after 5 bytes, within its size.",
      registered().subarray(0, 5),
    ),
    brokenAnswer(
      "FRM-2",
      "clients-list-cut",
      "A list that ends within its second entry.",
      listed([ben, clara]).subarray(0, 400),
    ),
    brokenAnswer(
      "FRM-2",
      "waiting-messages-4-gib",
      "An inbox of 4 GiB less one, of which a message is there.",
      edited(
        waiting([[MessageType.Text, TEXT]]),
        "header.payloadSize",
        MAX_U32,
      ),
    ),
    brokenAnswer(
      "FRM-2",
      "zeros-behind",
      "Zeros follow an answer, as some relays send them; a client leaves them (CON-10).",
      padded(registered(), 64),
    ),
    version(1),
    brokenAnswer(
      "ANS-3",
      "code-behind-last",
      `An answer with the code ${unused}, one too high.`,
      edited(listed([]), "header.code", unused),
    ),
    brokenAnswer(
      "ERR-1",
      "failure-with-text",
      "A failure that says why; a client reads it, and shows nothing of it (ERR-2).",
      holding(failed(), utf8("name is taken")),
    ),
  ];
}

function oneByteMore(kind: RequestKind): FrameVector {
  const { responseLabel, sizeClause } = requests[kind];
  return brokenAnswer(
    sizeClause,
    `${responseLabel.replaceAll(" ", "-")}-byte-more`,
    `A ${responseCode[kind]} with a byte too many, as its size says.`,
    sized(sampleAnswer(kind), 1),
  );
}

function payloads(): FrameVector[] {
  const given = (
    id: string,
    clause: "CID-2" | "CID-3",
    name: string,
    about: string,
  ) =>
    brokenAnswer(
      clause,
      `registered-${name}`,
      about,
      edited(registered(), "payload.clientId", decodeHex(id)),
    );
  const { byteLength } = ben.publicKey;
  return [
    given(
      "a17c3de25b8fcd219ce6f43b82157ad9",
      "CID-2",
      "no-uuid",
      "An id whose version isn't 4.",
    ),
    given(
      "a17c3de2008f4d219ce6f43b82157ad9",
      "CID-3",
      "zero-byte",
      "An id with a zero in it, at which C strings end.",
    ),
    brokenAnswer(
      "PUB-1",
      "public-key-none",
      "A public key that is none: each byte is 11.",
      edited(
        keyOfBen(),
        "payload.publicKey",
        new Uint8Array(byteLength).fill(0x11),
      ),
    ),
    brokenAnswer(
      "REG-1",
      "registered-empty",
      "A 2100 without an id.",
      holding(registered(), NOTHING),
    ),
    brokenAnswer(
      "KEY-1",
      "public-key-alone",
      "A 2102 of 160 bytes: the key without its owner's id; a client may take it (KEY-4).",
      holding(keyOfBen(), ben.publicKey),
    ),
    brokenAnswer(
      "KEY-1",
      "public-key-175-bytes",
      "A 2102 whose key has a byte too few.",
      sized(keyOfBen(), -1),
    ),
    brokenAnswer(
      "SND-2",
      "message-sent-16-bytes",
      "A 2103 with the target alone; a client takes it for success (SND-16).",
      sized(taken(), -4),
    ),
    brokenAnswer(
      "SND-2",
      "message-sent-empty",
      "A 2103 without a payload; a client takes it for success (SND-16).",
      holding(taken(), NOTHING),
    ),
    brokenAnswer(
      "SND-2",
      "message-sent-24-bytes",
      "A 2103 whose message id has 8 bytes.",
      sized(taken(), 4),
    ),
  ];
}

function lists(): FrameVector[] {
  const named = (
    clause: "NAM-3" | "NAM-4" | "NAM-8" | "LST-4",
    name: string,
    about: string,
    field: Uint8Array,
  ) =>
    brokenAnswer(
      clause,
      `clients-list-name-${name}`,
      about,
      edited(listed(), "payload[0].name", padded(field, NAME_SIZE)),
    );
  return [
    named(
      "NAM-3",
      "empty",
      "A client without a name is listed; a client puts up with it (LST-5).",
      NOTHING,
    ),
    named(
      "NAM-4",
      "escape",
      "A name is listed that clears a terminal; a client shows it without that (MSG-7).",
      utf8("\x1b[2Jben"),
    ),
    named(
      "NAM-4",
      "hebrew",
      "A name in Hebrew is listed, as UTF-8.",
      utf8("שלום"),
    ),
    named(
      "NAM-4",
      "latin-1",
      "A name in Latin-1 is listed, which isn't UTF-8.",
      new Uint8Array([0x62, 0xe9, 0x6e]),
    ),
    brokenAnswer(
      "LST-1",
      "clients-list-270-bytes",
      "A list of one entry with a byte too few.",
      sized(listed(), -1),
    ),
    named(
      "LST-4",
      "255-bytes",
      "A name of 255 bytes without a NUL is listed.",
      utf8("n".repeat(NAME_SIZE)),
    ),
    named(
      "LST-4",
      "dirty-padding",
      "A name whose field isn't cleared behind the NUL is listed.",
      concat([utf8("ben"), new Uint8Array(1), filled(251)]),
    ),
  ];
}

function inboxes(): FrameVector[] {
  const text = waiting([[MessageType.Text, TEXT]]);
  const two = waiting([[MessageType.Text, TEXT], [MessageType.Text, TEXT]]);
  const typed = (type: number) =>
    brokenAnswer(
      "SND-5",
      `waiting-messages-type-${type}`,
      `A message of type ${type} waits: a relay has to refuse such; a client leaves it (DLV-5).`,
      edited(text, "payload[0].type", type),
    );
  const aes = (size: number) =>
    brokenAnswer(
      "AES-1",
      `waiting-messages-text-${size}-bytes`,
      `A text of ${size} bytes waits, which AES in CBC never has.`,
      waiting([[MessageType.Text, filled(size)]]),
    );
  return [
    typed(5),
    brokenAnswer(
      "PUL-1",
      "waiting-messages-half-a-head",
      "An inbox that ends within what stands before its second message's content.",
      sized(two, -30),
    ),
    brokenAnswer(
      "PUL-1",
      "waiting-messages-content-cut",
      "An inbox that ends within its second message's content.",
      sized(two, -1),
    ),
    brokenAnswer(
      "PUL-1",
      "waiting-messages-content-4-gib",
      "A message whose size says 4 GiB less one.",
      edited(text, "payload[0].content.size", MAX_U32),
    ),
    brokenAnswer(
      "RSA-1",
      "waiting-messages-key-127-bytes",
      "A symmetric key waits in 127 bytes.",
      waiting([[MessageType.Key, KEY.subarray(1)]]),
    ),
    aes(15),
    brokenAnswer(
      "MSG-1",
      "waiting-messages-key-request-with-content",
      "A request for a key waits with 128 bytes of content, which mean nothing.",
      waiting([[MessageType.KeyRequest, KEY]]),
    ),
  ];
}
