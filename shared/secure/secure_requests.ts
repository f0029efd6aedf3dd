/**
 * The requests of the secure protocol, each as one record: codes, payload types
 * and codecs follow from the table (section 5 of docs/secure.md).
 *
 * @module
 */

import {
  bytes,
  choice,
  type Codec,
  codec,
  type Field,
  list,
  oneOf,
  optional,
  record,
  rest,
  sizedBytes,
  u16,
  u32,
  u64,
  u8,
  type ValueOf,
} from "../wire/fields.ts";
import { clientId, messageId, messageType, name } from "../wire/field_types.ts";
import { PUBLIC_KEY_SIZE } from "../wire/protocol.ts";
import { MAX_DEVICES } from "./account_record.ts";
import { PACKAGE_SIZE } from "./key_package.ts";
import {
  CHALLENGE_SIZE,
  CURVE_KEY_SIZE,
  deviceId,
  FIRST_SECURE_REQUEST,
  FIRST_SECURE_RESPONSE,
  NONCE_SIZE,
  PROOF_SIZE,
  type RefusalReason,
  SendingState,
  SendingTaken,
  type Seq,
  SIGNATURE_SIZE,
  uid,
} from "./secure_protocol.ts";

/** Maximum number of packages of a 3006: each costs a verification. */
export const MAX_PACKAGES = 256;

/** Maximum number of uids of a 3010. */
export const MAX_UIDS = 1024;

const publicKey = bytes(PUBLIC_KEY_SIZE);
const signature = bytes(SIGNATURE_SIZE);
const keyPackage = bytes(PACKAGE_SIZE);
const seq = u64 as Field<Seq>;
const none = record({});

/** A request and its response. */
export interface SecureRequestRecord {
  /** Offset of its code from 3000, and of its response's from 4000. */
  readonly index: number;
  /** Name of the request in the output of tools. */
  readonly label: string;
  /** Name of the response in the output of tools. */
  readonly responseLabel: string;
  /** Fields of the request's payload. */
  readonly request: Field<never>;
  /** Fields of the response's payload. */
  readonly response: Field<never>;
  /** Whether only an authenticated device may ask. */
  readonly authenticated: boolean;
}

/** All requests by their kinds. */
export const secureRequests = {
  hello: {
    index: 0,
    label: "hello",
    responseLabel: "hello",
    authenticated: false,
    request: record({ least: u8, most: u8, features: u32 }),
    response: record({
      version: u8,
      features: u32,
      relayKey: bytes(CURVE_KEY_SIZE),
      nonce: bytes(NONCE_SIZE),
      time: u64,
      largest: u32,
      retention: u32,
      registration: u8,
    }),
  },
  register: {
    index: 1,
    label: "register",
    responseLabel: "registered",
    authenticated: false,
    request: record({
      publicKey,
      record: sizedBytes,
      invitation: sizedBytes,
      proof: optional(bytes(PROOF_SIZE)),
      signature,
    }),
    response: record({ account: clientId }),
  },
  challenge: {
    index: 2,
    label: "challenge",
    responseLabel: "challenge",
    authenticated: false,
    request: record({ account: clientId }),
    response: record({ encrypted: bytes(CHALLENGE_SIZE) }),
  },
  authenticate: {
    index: 3,
    label: "authenticate",
    responseLabel: "authenticated",
    authenticated: false,
    request: record({ count: u64, recordVersion: u32, signature }),
    response: record({
      highestCount: u64,
      recordVersion: u32,
      singleUseLeft: u16,
      waiting: u32,
    }),
  },
  lookUp: {
    index: 4,
    label: "look up",
    responseLabel: "account",
    authenticated: true,
    request: record({ by: choice({ name, account: clientId }) }),
    response: record({ account: clientId, publicKey, record: sizedBytes }),
  },
  claim: {
    index: 5,
    label: "claim packages",
    responseLabel: "packages",
    authenticated: true,
    request: record({
      account: clientId,
      devices: list(deviceId, MAX_DEVICES),
    }),
    response: record({
      packages: list(record({
        device: deviceId,
        weekly: keyPackage,
        single: optional(keyPackage),
      })),
    }),
  },
  publish: {
    index: 6,
    label: "publish packages",
    responseLabel: "published",
    authenticated: true,
    request: record({ packages: list(keyPackage, MAX_PACKAGES) }),
    response: record({ singleUseLeft: u16 }),
  },
  send: {
    index: 7,
    label: "send",
    responseLabel: "sent",
    authenticated: true,
    request: record({
      uid,
      count: u64,
      account: clientId,
      recordVersion: u32,
      lifetime: u32,
      envelopes: list(
        record({ device: deviceId, content: sizedBytes }),
        MAX_DEVICES,
      ),
    }),
    response: record({
      taken: oneOf(...Object.values(SendingTaken)),
      highestCount: u64,
    }),
  },
  fetch: {
    index: 8,
    label: "fetch",
    responseLabel: "messages",
    authenticated: true,
    request: record({ acknowledged: seq, wait: u16, most: u32 }),
    response: record({
      time: u64,
      lastSeq: seq,
      messages: list(record({
        seq,
        uid,
        account: clientId,
        device: deviceId,
        flags: u8,
        arrived: u64,
        content: sizedBytes,
      })),
    }),
  },
  record: {
    index: 9,
    label: "replace the record",
    responseLabel: "record replaced",
    authenticated: false,
    request: record({
      record: sizedBytes,
      signatures: list(signature, MAX_DEVICES),
    }),
    response: record({ version: u32 }),
  },
  outcome: {
    index: 10,
    label: "ask for outcomes",
    responseLabel: "outcomes",
    authenticated: true,
    request: record({ uids: list(uid, MAX_UIDS) }),
    response: record({
      outcomes: list(record({
        uid,
        state: oneOf(...Object.values(SendingState)),
        time: u64,
      })),
    }),
  },
  sendLegacy: {
    index: 11,
    label: "send to a legacy client",
    responseLabel: "sent to a legacy client",
    authenticated: true,
    request: record({
      uid,
      target: clientId,
      type: messageType,
      content: sizedBytes,
    }),
    response: record({ messageId }),
  },
  delete: {
    index: 12,
    label: "delete the account",
    responseLabel: "account deleted",
    authenticated: true,
    request: record({ signature }),
    response: none,
  },
  ping: {
    index: 13,
    label: "ping",
    responseLabel: "ping",
    authenticated: true,
    request: none,
    response: none,
  },
} as const;

/** A kind of request. */
export type SecureRequestKind = keyof typeof secureRequests;

/** All kinds, in the order of their codes. */
export const secureRequestKinds: readonly SecureRequestKind[] =
  (Object.keys(secureRequests) as SecureRequestKind[])
    .sort((a, b) => secureRequests[a].index - secureRequests[b].index);

/** The payload of each kind of request. */
export type SecureRequestPayloads = {
  [K in SecureRequestKind]: ValueOf<typeof secureRequests[K]["request"]>;
};

/** The payload of the response to each kind of request. */
export type SecureResponsePayloads = {
  [K in SecureRequestKind]: ValueOf<typeof secureRequests[K]["response"]>;
};

/** A refusal: why, seconds after which another try makes sense, and what the reason adds. */
export interface Refusal {
  reason: RefusalReason;
  /** Seconds; 0 where waiting doesn't help. */
  retryAfter: number;
  /** The newest record for `OtherDevices`; else empty. */
  detail: Uint8Array;
}

/** The codec of a refusal's payload. */
export const refusalCodec: Codec<Refusal> = codec(
  "refusal",
  record<Refusal>({
    reason: u16 as Field<number> as Field<RefusalReason>,
    retryAfter: u32,
    detail: rest,
  }),
);

/** The codec of each kind's request payload. */
export const secureRequestCodecs: {
  readonly [K in SecureRequestKind]: Codec<SecureRequestPayloads[K]>;
} = byKind((kind) =>
  codec(kind, secureRequests[kind].request as never)
) as never;

/** The codec of each kind's response payload. */
export const secureResponseCodecs: {
  readonly [K in SecureRequestKind]: Codec<SecureResponsePayloads[K]>;
} = byKind((kind) =>
  codec(kind, secureRequests[kind].response as never)
) as never;

/** The code of a kind of request. */
export function secureRequestCode(kind: SecureRequestKind): number {
  return FIRST_SECURE_REQUEST + secureRequests[kind].index;
}

/** The code of the response to a kind of request. */
export function secureResponseCode(kind: SecureRequestKind): number {
  return FIRST_SECURE_RESPONSE + secureRequests[kind].index;
}

/** The kind of request with a code; undefined if the code is unknown. */
export function secureRequestKind(code: number): SecureRequestKind | undefined {
  return secureRequestKinds[code - FIRST_SECURE_REQUEST];
}

function byKind<T>(value: (kind: SecureRequestKind) => T) {
  return Object.fromEntries(
    secureRequestKinds.map((kind) => [kind, value(kind)]),
  ) as Record<SecureRequestKind, T>;
}
