import { decodeHex } from "@std/encoding";
import {
  MAX_MESSAGE_ID,
  MAX_NAME_LENGTH,
  MessageType,
} from "../../../shared/wire/protocol.ts";
import noa from "../../recordings/noa.json" with { type: "json" };
import { soundAnswer, soundRequest } from "./frame_case.ts";
import {
  KEY,
  listed,
  NOTHING,
  registers,
  sends,
  sendsKey,
  sendsKeyRequest,
  taken,
  TEXT,
  waiting,
} from "./frames.ts";
import { ben, clara, dan } from "../people.ts";
import type { FrameVector } from "../vector.ts";

/** A frame of the recording. */
function recorded(order: number): Uint8Array {
  const frame = noa.exchange.find((frame) => frame.order === order);
  return decodeHex(frame?.hex ?? "");
}

/** Frames at the limits of what breaks nothing, and such as real programs sent. */
export function soundFrames(): FrameVector[] {
  const longest = "n".repeat(MAX_NAME_LENGTH);
  const aes = (size: number) => new Uint8Array(size).fill(0xae);
  return [
    soundRequest("name-1-byte", "A name of one byte.", registers("a")),
    soundRequest(
      "name-254-bytes",
      "The longest name, of 254 bytes and a NUL.",
      registers(longest),
    ),
    soundRequest(
      "register-exponent-17",
      "A registration with a key that Crypto++ 8.7 made: its exponent is 17.",
      registers("clara", undefined, clara.publicKey),
    ),
    soundRequest(
      "register-recorded",
      "A registration as a C++ client sent it.",
      recorded(1),
    ),
    soundRequest(
      "send-key-request",
      "A request for a key, which has no content.",
      sendsKeyRequest(),
    ),
    soundRequest("send-key", "A symmetric key, 128 bytes of RSA.", sendsKey()),
    soundRequest(
      "send-file",
      "A file of 256 bytes of AES.",
      sends(MessageType.File, aes(256)),
    ),
    soundAnswer("clients-list-empty", "A list of no other client.", listed([])),
    soundAnswer(
      "clients-list-three",
      "A list of three clients.",
      listed([ben, clara, dan]),
    ),
    soundAnswer(
      "message-sent-highest-id",
      "A message was taken, and has the highest id that 4 bytes hold.",
      taken(MAX_MESSAGE_ID),
    ),
    soundAnswer("waiting-messages-empty", "No message waits.", waiting([])),
    soundAnswer(
      "waiting-messages-all-types",
      "A message of each type waits.",
      waiting([
        [MessageType.KeyRequest, NOTHING],
        [MessageType.Key, KEY],
        [MessageType.Text, TEXT],
        [MessageType.File, aes(48)],
      ]),
    ),
    soundAnswer(
      "waiting-messages-recorded",
      "A text waits, as a Python server handed it out.",
      recorded(124),
    ),
  ];
}
