import { MessageType } from "../../../shared/wire/protocol.ts";
import { brokenRequest } from "./frame_case.ts";
import { resized, withField } from "./frame_edits.ts";
import {
  filled,
  KEY,
  MAX_U32,
  sends,
  sendsKeyRequest,
  sendsText,
} from "./frames.ts";
import type { FrameVector } from "../vector.ts";

/** What some debuggers fill uninitialized memory with. */
const UNSET = 0xcdcdcdcd;

const edited = (frame: Uint8Array, path: string, value: number | Uint8Array) =>
  withField(frame, "request", path, value);

/** Messages that break a clause, by their heads or by their contents. */
export function brokenMessages(): FrameVector[] {
  return [...messages(), ...contents()];
}

function messages(): FrameVector[] {
  const type = (type: number) =>
    brokenRequest(
      "SND-5",
      "refuses",
      `send-type-${type}`,
      `A message of type ${type}.`,
      edited(sendsText(), "payload.type", type),
    );
  const request = sendsKeyRequest();
  const unset = (name: string, size: number, what: string) =>
    brokenRequest(
      "SND-1",
      "answers",
      `send-key-request-${name}`,
      `A request for a key whose payload size is ${what}; it ends after 21 bytes all the same (SND-7).`,
      edited(request, "header.payloadSize", size),
    );
  const wrong = (name: string, about: string, bytes: Uint8Array) =>
    brokenRequest("SND-8", "refuses", name, about, bytes);
  const contentSize = (frame: Uint8Array, size: number) =>
    edited(frame, "payload.content.size", size);
  return [
    unset("size-unset", UNSET, "uninitialized memory"),
    unset("size-0", 0, "0"),
    type(0),
    type(5),
    type(255),
    wrong(
      "send-content-1-short",
      "A content of 17 bytes whose size says 16.",
      contentSize(sends(MessageType.Text, filled(17)), 16),
    ),
    wrong(
      "send-content-1-long",
      "A content of 16 bytes whose size says 17.",
      contentSize(sendsText(), 17),
    ),
    wrong(
      "send-content-4-gib",
      "A content of 16 bytes whose size says 4 GiB less one.",
      contentSize(sendsText(), MAX_U32),
    ),
    wrong(
      "send-payload-1-short",
      "A text of which the last byte is missing, and its payload size says so.",
      resized(sendsText(), "request", -1),
    ),
    wrong(
      "send-key-request-claims-5",
      "A request for a key that says 5 bytes of content, and has none.",
      contentSize(request, 5),
    ),
  ];
}

function contents(): FrameVector[] {
  const passes = "; a relay hands it out as it came (SND-4)";
  const aes = (name: string, type: MessageType, size: number, what: string) =>
    brokenRequest(
      "AES-1",
      "answers",
      `send-${name}`,
      `${what} of ${size} bytes, which AES in CBC never has${passes}.`,
      sends(type, filled(size)),
    );
  const rsa = (name: string, about: string, content: Uint8Array) =>
    brokenRequest(
      "RSA-1",
      "answers",
      `send-key-${name}`,
      `${about}${passes}.`,
      sends(MessageType.Key, content),
    );
  return [
    brokenRequest(
      "MSG-1",
      "answers",
      "send-key-request-with-content",
      `A request for a key with 128 bytes of content, as some clients send it${passes}.`,
      sends(MessageType.KeyRequest, KEY),
    ),
    rsa("raw", "A symmetric key that isn't encrypted", filled(16)),
    rsa("127-bytes", "A symmetric key in 127 bytes", KEY.subarray(1)),
    aes("text-empty", MessageType.Text, 0, "A text"),
    aes("text-15-bytes", MessageType.Text, 15, "A text"),
  ];
}
