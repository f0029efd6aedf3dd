import { type Dialect, dialects } from "../../../shared/wire/dialects.ts";
import { MessageType } from "../../../shared/wire/protocol.ts";
import { soundAnswer, soundRequest } from "./frame_case.ts";
import {
  asksKey,
  asksList,
  failed,
  keyOfBen,
  listed,
  NOTHING,
  PLAIN,
  pulls,
  registered,
  registers,
  sendsText,
  taken,
  TEXT,
  waiting,
} from "./frames.ts";
import { ben } from "../people.ts";
import type { FrameVector } from "../vector.ts";

/** Each request and each answer, in every dialect. */
export function dialectFrames(): FrameVector[] {
  return dialects.flatMap(framesIn);
}

function framesIn(dialect: Dialect): FrameVector[] {
  const { name } = dialect;
  const request = (what: string, about: string, bytes: Uint8Array) =>
    soundRequest(`${what}-${name}`, inWords(about, dialect), bytes, name);
  const answer = (what: string, about: string, bytes: Uint8Array) =>
    soundAnswer(`${what}-${name}`, inWords(about, dialect), bytes, name);
  // A relay that gets all of them has a name for each.
  const who = dialect === PLAIN ? "anna" : `anna-${name}`;
  const messages = [
    [MessageType.Text, TEXT, 2],
    [MessageType.KeyRequest, NOTHING, 3],
  ] as const;
  return [
    request("register", "A registration", registers(who, dialect)),
    request("clients-list", "The list is asked for", asksList(dialect)),
    request("public-key", "A public key is asked for", asksKey(dialect)),
    request("send-text", "A text of one block is sent", sendsText(dialect)),
    request("waiting-messages", "Messages are asked for", pulls(dialect)),
    answer("registered", "The id that a relay drew", registered(dialect)),
    answer("clients-list", "A list of one client", listed([ben], dialect)),
    answer("public-key", "A public key and whose it is", keyOfBen(dialect)),
    answer("message-sent", "A message was taken", taken(2, dialect)),
    answer(
      "waiting-messages",
      "A text and a request for a key wait",
      waiting(messages, dialect),
    ),
    answer("failure", "A failure", failed(dialect)),
  ];
}

function inWords(about: string, { name, blockSize }: Dialect): string {
  return blockSize > 0
    ? `${about}, in a block: zeros fill it to ${blockSize} bytes.`
    : `${about}, in generation ${name}.`;
}
