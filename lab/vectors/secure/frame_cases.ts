import { concat } from "@std/bytes";
import {
  REFUSAL_CODE,
  RefusalReason,
  SECURE_VERSION,
} from "../../../shared/secure/secure_protocol.ts";
import {
  type Refusal,
  refusalCodec,
  secureRequestCode,
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKinds,
  secureRequests,
  secureResponseCode,
  secureResponseCodecs,
} from "../../../shared/secure/secure_requests.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import { requestHeader, responseHeader } from "../../../shared/wire/frames.ts";
import { ben } from "../people.ts";
import { bensRecord, deviceIds } from "./fixtures.ts";
import type { SecureCase } from "./secure_case.ts";
import { soundRequests, soundResponses } from "./sound_payloads.ts";

/** Which side a frame comes from. */
type Side = "request" | "response";

/** A whole frame, and what its header says. */
function framed(side: Side, code: number, payload: Uint8Array) {
  const payloadSize = payload.length;
  const common = { version: SECURE_VERSION, code, payloadSize };
  if (side === "response") {
    const bytes = concat([responseHeader.encode(common), payload]);
    return { bytes, header: common };
  }
  const header = { clientId: deviceIds.anna as never, ...common };
  return { bytes: concat([requestHeader.encode(header), payload]), header };
}

/** Requests, responses and refusals. */
export function frameCases(): SecureCase[] {
  return [
    ...secureRequestKinds.flatMap((kind) => soundPair(kind)),
    ...variants(),
    ...refusals(),
    ...secureRequestKinds.flatMap((kind) => wrongSizes(kind)),
    ...wrongValues(),
  ];
}

const sides = {
  request: { codecs: secureRequestCodecs, codeOf: secureRequestCode },
  response: { codecs: secureResponseCodecs, codeOf: secureResponseCode },
} as const;

/** A name in words and dashes. */
const dashed = (kind: SecureRequestKind) =>
  kind.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A frame as it has to be. */
function sound(
  side: Side,
  kind: SecureRequestKind,
  name: string,
  about: string,
  payload: unknown,
): SecureCase {
  const { codecs, codeOf } = sides[side];
  const encoded = (codecs[kind] as Codec<unknown>).encode(payload);
  const { bytes, header } = framed(side, codeOf(kind), encoded);
  const meaning = { header, kind, payload };
  return { name: `${side}-${name}`, about, of: side, bytes, meaning };
}

/** A frame whose payload can't be read. */
function refused(
  side: Side,
  kind: SecureRequestKind,
  name: string,
  about: string,
  breaks: "FLD-1" | "FLD-2",
  payload: Uint8Array,
): SecureCase {
  const { bytes, header } = framed(side, sides[side].codeOf(kind), payload);
  const meaning = { header, kind };
  return { name: `${side}-${name}`, about, of: side, breaks, bytes, meaning };
}

function soundPair(kind: SecureRequestKind): SecureCase[] {
  const { label, responseLabel } = secureRequests[kind];
  const name = dashed(kind);
  return [
    sound("request", kind, name, `Request: ${label}.`, soundRequests[kind]),
    sound(
      "response",
      kind,
      name,
      `Response: ${responseLabel}.`,
      soundResponses[kind],
    ),
  ];
}

function variants(): SecureCase[] {
  const { register, send, fetch } = soundRequests;
  const { claim, lookUp } = soundResponses;
  const [first] = claim.packages;
  return [
    sound("request", "register", "register-lift", "With a proof.", {
      ...register,
      proof: new Uint8Array(32).fill(0x70),
    }),
    sound("request", "lookUp", "look-up-account", "By the account's id.", {
      by: { account: ben.clientId },
    }),
    sound("request", "claim", "claim-none", "For no device.", {
      account: ben.clientId,
      devices: [],
    }),
    sound("request", "send", "send-two", "Envelopes for two devices.", {
      ...send,
      envelopes: [
        ...send.envelopes,
        { device: deviceIds.annaSecond, content: new Uint8Array(0) },
      ],
    }),
    sound("request", "fetch", "fetch-largest", "The largest seq.", {
      ...fetch,
      acknowledged: Number.MAX_SAFE_INTEGER,
    }),
    sound("response", "lookUp", "look-up-legacy", "Of a legacy client.", {
      ...lookUp,
      record: new Uint8Array(0),
    }),
    sound("response", "claim", "claim-last-resort", "No single-use package.", {
      packages: [{ ...first, single: undefined }],
    }),
    sound("response", "send", "send-again", "It was taken before.", {
      taken: 2,
      highestCount: 9,
    }),
    sound("response", "fetch", "fetch-none", "No message waits.", {
      ...soundResponses.fetch,
      messages: [],
    }),
  ];
}

function refusals(): SecureCase[] {
  const refusal = (
    name: string,
    about: string,
    payload: Omit<Refusal, "reason"> & { reason: number },
  ): SecureCase => {
    const encoded = refusalCodec.encode(payload as Refusal);
    const { bytes, header } = framed("response", REFUSAL_CODE, encoded);
    const meaning = { header, kind: "refusal", payload };
    return {
      name: `response-refusal-${name}`,
      about,
      of: "response",
      bytes,
      meaning,
    };
  };
  const none = new Uint8Array(0);
  return [
    ...Object.entries(RefusalReason)
      .filter(([, reason]) => reason !== RefusalReason.OtherDevices)
      .map(([name, reason]) =>
        refusal(
          name.replaceAll(/(?<=.)[A-Z]/g, "-$&").toLowerCase(),
          `Reason ${reason}.`,
          {
            reason,
            retryAfter: reason === RefusalReason.TooOften ? 60 : 0,
            detail: none,
          },
        )
      ),
    refusal("other-devices", "Reason 5 with Ben's record.", {
      reason: RefusalReason.OtherDevices,
      retryAfter: 0,
      detail: bensRecord.bytes,
    }),
    refusal("unknown-reason", "A reason that no client knows (REF-4).", {
      reason: 999,
      retryAfter: 0,
      detail: none,
    }),
  ];
}

/** Payloads of a kind that are cut, or go on. */
function wrongSizes(kind: SecureRequestKind): SecureCase[] {
  const name = dashed(kind);
  return (["request", "response"] as const).flatMap((side) => {
    const { codecs } = sides[side];
    const value = (side === "request" ? soundRequests : soundResponses)[kind];
    const payload = (codecs[kind] as Codec<unknown>).encode(value);
    const wrong = [
      refused(
        side,
        kind,
        `${name}-one-more`,
        "A byte follows its last field.",
        "FLD-2",
        concat([payload, Uint8Array.of(0)]),
      ),
    ];
    if (payload.length === 0) return wrong;
    const cut = payload.subarray(0, -1);
    const about = "Its last byte is missing.";
    return [
      refused(side, kind, `${name}-cut`, about, "FLD-2", cut),
      ...wrong,
    ];
  });
}

function wrongValues(): SecureCase[] {
  const edited = (
    side: Side,
    kind: SecureRequestKind,
    at: number,
    byte: number,
  ) => {
    const value = (side === "request" ? soundRequests : soundResponses)[kind];
    const codec = sides[side].codecs[kind] as Codec<unknown>;
    const payload = codec.encode(value);
    payload[at] = byte;
    return payload;
  };
  const hasProof = 160 + 4 + soundRequests.register.record.length + 4;
  return [
    refused(
      "request",
      "fetch",
      "fetch-too-large",
      "A seq of 2^53.",
      "FLD-1",
      edited("request", "fetch", 6, 0x20),
    ),
    refused(
      "request",
      "lookUp",
      "look-up-by-2",
      "By neither name nor account.",
      "FLD-2",
      edited("request", "lookUp", 0, 2),
    ),
    refused(
      "request",
      "register",
      "register-has-2",
      "A has of 2 before the proof.",
      "FLD-2",
      edited("request", "register", hasProof, 2),
    ),
    refused(
      "request",
      "sendLegacy",
      "send-legacy-type-5",
      "A message of type 5.",
      "FLD-2",
      edited("request", "sendLegacy", 32, 5),
    ),
    refused(
      "response",
      "send",
      "send-taken-3",
      "Neither taken nor taken before.",
      "FLD-2",
      edited("response", "send", 0, 3),
    ),
    refused(
      "response",
      "outcome",
      "outcome-state-5",
      "A state that no sending has.",
      "FLD-2",
      edited("response", "outcome", 16, 5),
    ),
    unknownCode(),
    otherVersion(),
  ];
}

function unknownCode(): SecureCase {
  const { bytes, header } = framed("request", 3014, new Uint8Array(0));
  return {
    name: "request-unknown-code",
    about: "The code 3014.",
    of: "request",
    breaks: "STA-2",
    bytes,
    meaning: { header },
  };
}

function otherVersion(): SecureCase {
  const { bytes, header } = framed("response", 4013, new Uint8Array(0));
  bytes[0] = 2;
  return {
    name: "response-version-2",
    about: "A response of the legacy version.",
    of: "response",
    breaks: "HDR-3",
    bytes,
    meaning: { header: { ...header, version: 2 }, kind: "ping", payload: {} },
  };
}
