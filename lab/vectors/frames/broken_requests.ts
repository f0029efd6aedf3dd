import { concat } from "@std/bytes";
import { dialectNamed, requestCode } from "../../../shared/wire/dialects.ts";
import { MessageType, ZERO_ID } from "../../../shared/wire/protocol.ts";
import {
  requestCodecs,
  requestKinds,
  requests,
} from "../../../shared/wire/requests.ts";
import { unusedCodes } from "../../../kit/requests.ts";
import { brokenMessages } from "./broken_messages.ts";
import { brokenRegistrations } from "./broken_registrations.ts";
import { brokenRequest } from "./frame_case.ts";
import { bigEndian, resized, withField } from "./frame_edits.ts";
import {
  asksKey,
  asksList,
  filled,
  MAX_U32,
  pulls,
  registers,
  sampleRequest,
  sends,
  sendsText,
  TEXT,
} from "./frames.ts";
import { anna } from "../people.ts";
import type { FrameVector } from "../vector.ts";

const BLOCKS = dialectNamed("blocks");
const SHORT = dialectNamed("100");

const edited = (frame: Uint8Array, path: string, value: number | Uint8Array) =>
  withField(frame, "request", path, value);
const sized = (frame: Uint8Array, change: number) =>
  resized(frame, "request", change);

/** Requests that break a clause each, by the clauses' order. */
export function brokenRequests(): FrameVector[] {
  return [
    ...framing(),
    ...headers(),
    ...brokenRegistrations(),
    ...brokenMessages(),
  ];
}

function framing(): FrameVector[] {
  const list = asksList();
  return [
    brokenRequest(
      "FRM-1",
      "refuses",
      "clients-list-big-endian",
      "601 in big endian; its size of 0 is the same either way.",
      bigEndian(list, "request"),
    ),
    brokenRequest(
      "FRM-1",
      "refuses",
      "public-key-big-endian",
      "Code and size of a 602 in big endian.",
      bigEndian(asksKey(), "request"),
    ),
    brokenRequest(
      "FRM-2",
      "waits",
      "header-cut",
      "A header that ends after 18 bytes, within its code.",
      list.subarray(0, 18),
    ),
    brokenRequest(
      "FRM-2",
      "waits",
      "register-cut",
      "A registration that ends within its key.",
      registers("cut").subarray(0, -60),
    ),
    brokenRequest(
      "FRM-2",
      "waits",
      "send-text-cut",
      "A text of which the last byte is missing.",
      sendsText().subarray(0, -1),
    ),
    brokenRequest(
      "FRM-2",
      "waits",
      "send-file-4-gib",
      "A file of nearly 4 GiB, as both of its sizes say, of which 16 bytes are there.",
      edited(
        edited(
          sends(MessageType.File, TEXT),
          "payload.content.size",
          MAX_U32 - 21,
        ),
        "header.payloadSize",
        MAX_U32,
      ),
    ),
    brokenRequest(
      "FRM-2",
      "answers",
      "clients-list-and-more",
      "Three bytes follow the end of a 601: they begin another request.",
      concat([list, filled(3)]),
    ),
    brokenRequest(
      "FRM-2",
      "answers",
      "padding-not-zero",
      "A block client's 601 whose padding ends with a one.",
      Uint8Array.from(asksList(BLOCKS), (byte, at) => at === 1023 ? 1 : byte),
      "blocks",
    ),
    brokenRequest(
      "FRM-2",
      "answers",
      "padding-short",
      "A block client's 601 that is padded to 1000 bytes.",
      asksList(BLOCKS).subarray(0, 1000),
      "blocks",
    ),
  ];
}

function headers(): FrameVector[] {
  const list = asksList();
  const code = (code: number, name: string, what: string) =>
    brokenRequest(
      "REQ-5",
      "refuses",
      `code-${name}`,
      `A request with the code ${code}, ${what}.`,
      edited(list, "header.code", code),
    );
  const version = (version: number) =>
    brokenRequest(
      "REQ-8",
      "answers",
      `version-${version}`,
      `A 601 of version ${version}.`,
      edited(list, "header.version", version),
    );
  const unregistered = (name: string, about: string, frame: Uint8Array) =>
    brokenRequest(
      "REQ-9",
      "refuses",
      `${name}-zero-id`,
      `${about} with zeros for the asker's id.`,
      edited(frame, "header.clientId", ZERO_ID),
    );
  const size = (name: string, about: string, frame: Uint8Array) =>
    brokenRequest("REQ-6", "refuses", name, about, frame);
  return [
    code(unusedCodes()[1], "behind-last", "one too high"),
    code(0xffff, "65535", "the highest of 2 bytes"),
    brokenRequest(
      "REQ-5",
      "refuses",
      "code-unknown-with-payload",
      "A request with the code 666 and a payload, which is read past.",
      edited(asksKey(), "header.code", 666),
    ),
    size(
      "register-414-bytes",
      "A registration whose key has a byte too few, as its size says.",
      sized(registers("short"), -1),
    ),
    ...requestKinds.filter((kind) =>
      requestCodecs[kind].fixedSize !== undefined
    )
      .map((kind) =>
        size(
          `${requests[kind].label.replaceAll(" ", "-")}-byte-more`,
          `A ${requestCode(kind)} with a byte too many, as its size says.`,
          sized(sampleRequest(kind), 1),
        )
      ),
    size(
      "clients-list-of-23-bytes",
      "A 601 whose payload is another 601.",
      concat([edited(list, "header.payloadSize", list.length), list]),
    ),
    size(
      "waiting-messages-16-bytes",
      "A 604 with an id for its payload.",
      concat([edited(pulls(), "header.payloadSize", 16), anna.clientId]),
    ),
    size("public-key-15-bytes", "A 602 with a cut id.", sized(asksKey(), -1)),
    size(
      "send-20-bytes",
      "A 603 that ends within the content's size.",
      sized(sendsText(), -17),
    ),
    brokenRequest(
      "REQ-6",
      "refuses",
      "public-key-15-bytes-100",
      "A cut id in dialect 100.",
      sized(asksKey(SHORT), -1),
      "100",
    ),
    version(1),
    version(3),
    brokenRequest(
      "REQ-9",
      "answers",
      "register-any-id",
      "A registration whose id is what the memory held; a relay pays no attention to it (REQ-3).",
      edited(registers("any-id"), "header.clientId", filled(16)),
    ),
    unregistered("clients-list", "A 601", list),
    unregistered("send-text", "A text", sendsText()),
  ];
}
