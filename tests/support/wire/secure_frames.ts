/** Frames of the secure protocol, one of each kind. */

import { concat } from "@std/bytes";
import type { Direction } from "../../../kit/dissect/dissector.ts";
import {
  drawIdentity,
  drawPackages,
  type SecureIdentity,
} from "../../../lab/harness/secure/identity.ts";
import { secureFrame } from "../../../lab/harness/secure/peer.ts";
import {
  drawUid,
  MailFlag,
  NONCE_SIZE,
  REFUSAL_CODE,
  RefusalReason,
  SECURE_VERSION,
  SendingState,
  type Seq,
  SIGNATURE_SIZE,
} from "../../../shared/secure/secure_protocol.ts";
import {
  type Refusal,
  refusalCodec,
  type SecureRequestKind,
  type SecureRequestPayloads,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import { responseHeader } from "../../../shared/wire/frames.ts";

/** A frame, its direction, and the line that sums it up. */
export interface SecureFrame {
  readonly direction: Direction;
  readonly frame: Uint8Array<ArrayBuffer>;
  readonly what: string;
}

/** Encodes the response to a kind of request. */
export function secureResponse<K extends SecureRequestKind>(
  kind: K,
  payload: SecureResponsePayloads[K],
): Uint8Array<ArrayBuffer> {
  return response(
    secureResponseCode(kind),
    secureResponseCodecs[kind].encode(payload),
  );
}

/** Encodes a refusal. */
export const refusal = (refusal: Refusal): Uint8Array<ArrayBuffer> =>
  response(REFUSAL_CODE, refusalCodec.encode(refusal));

function response(code: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = responseHeader.encode({
    version: SECURE_VERSION,
    code,
    payloadSize: payload.length,
  });
  return concat([header, payload]) as Uint8Array<ArrayBuffer>;
}

const signature = new Uint8Array(SIGNATURE_SIZE).fill(5);
const bytes = (text: string) => new TextEncoder().encode(text);
const start = (id: Uint8Array) => `${id.toHex().slice(0, 8)}…`;

/** The accounts of {@linkcode secureTalk}. */
export async function secureAccounts(): Promise<
  { anna: SecureIdentity; ben: SecureIdentity }
> {
  const [anna, ben] = await Promise.all(["anna", "ben"].map(drawIdentity));
  return { anna, ben } as { anna: SecureIdentity; ben: SecureIdentity };
}

/** Anna's requests with their responses, in turn. */
export async function secureTalk(
  { anna, ben }: { anna: SecureIdentity; ben: SecureIdentity },
): Promise<SecureFrame[]> {
  const { account } = ben.record;
  const [weekly, single] = await drawPackages(ben, 1) as [
    Uint8Array,
    Uint8Array,
  ];
  const uid = drawUid();
  const legacy = { ...anna, account: anna.record.account };
  const frames: SecureFrame[] = [];
  const ask = <K extends SecureRequestKind>(
    kind: K,
    request: readonly [SecureRequestPayloads[K], string],
    response: readonly [SecureResponsePayloads[K], string],
  ) => {
    const [payload, what] = request;
    const frame = secureFrame(kind, payload, anna.device);
    frames.push({ direction: "request", frame, what });
    frames.push({
      direction: "answer",
      frame: secureResponse(kind, response[0]),
      what: response[1],
    });
  };
  ask("hello", [
    { least: 1, most: 1, features: 0 },
    "3000 hello: versions 1 to 1",
  ], [{
    version: 1,
    features: 0,
    relayKey: anna.identity.publicKey,
    nonce: new Uint8Array(NONCE_SIZE),
    time: 1_700_000_000_000,
    largest: 1 << 20,
    retention: 3600,
    registration: 1,
  }, "4000 hello: version 1"]);
  ask("register", [{
    publicKey: anna.publicKey,
    record: anna.record.bytes,
    invitation: new Uint8Array(),
    proof: undefined,
    signature,
  }, '3001 register: "anna"'], [
    { account: legacy.account },
    `4001 registered: ${start(legacy.account)} (anna)`,
  ]);
  ask("challenge", [
    { account },
    `3002 challenge: ${start(account)}`,
  ], [{ encrypted: new Uint8Array(128) }, "4002 challenge"]);
  ask("authenticate", [
    { count: 7, recordVersion: 1, signature },
    "3003 authenticate: count 7",
  ], [
    { highestCount: 7, recordVersion: 1, singleUseLeft: 3, waiting: 2 },
    "4003 authenticated: 2 messages waiting",
  ]);
  ask("lookUp", [
    { by: { name: "ben" } },
    '3004 look up: "ben"',
  ], [
    { account, publicKey: ben.publicKey, record: ben.record.bytes },
    '4004 account: "ben", record version 1',
  ]);
  ask("claim", [
    { account, devices: [ben.device] },
    `3005 claim packages: of 1 device of ${start(account)} (ben)`,
  ], [
    { packages: [{ device: ben.device, weekly, single }] },
    "4005 packages: 1 weekly, 1 single-use",
  ]);
  ask("publish", [
    { packages: [weekly, single] },
    "3006 publish packages: 2 packages",
  ], [{ singleUseLeft: 1 }, "4006 published: 1 single-use left"]);
  ask("send", [
    {
      ...{ uid, count: 8, account, recordVersion: 1, lifetime: 0 },
      envelopes: [{ device: ben.device, content: bytes("sealed") }],
    },
    `3007 send: 1 envelope, to ${start(account)} (ben)`,
  ], [{ taken: 1, highestCount: 8 }, "4007 sent: taken"]);
  const mail = {
    uid,
    account,
    device: ben.device,
    flags: 0,
    arrived: 1_700_000_000_000,
    content: bytes("sealed"),
  };
  ask("fetch", [
    { acknowledged: 3 as Seq, wait: 50, most: 65536 },
    "3008 fetch: up to 3 is taken, wait 50 s",
  ], [{
    time: 1_700_000_000_000,
    lastSeq: 5 as Seq,
    messages: [
      { ...mail, seq: 4 as Seq },
      {
        ...mail,
        seq: 5 as Seq,
        flags: MailFlag.Legacy,
        content: bytes("\x03abcd"),
      },
    ],
  }, "4008 messages: 2 messages from ben"]);
  ask("record", [
    { record: anna.record.bytes, signatures: [signature] },
    "3009 replace the record: version 1",
  ], [{ version: 1 }, "4009 record replaced: version 1"]);
  ask("outcome", [
    { uids: [uid] },
    "3010 ask for outcomes: 1 sending",
  ], [
    { outcomes: [{ uid, state: SendingState.Taken, time: 0 }] },
    "4010 outcomes: taken",
  ]);
  ask("sendLegacy", [
    { uid, target: account, type: 3, content: new Uint8Array(16) },
    `3011 send to a legacy client: to ${start(account)} (ben)`,
  ], [
    { messageId: 9 as never },
    "4011 sent to a legacy client: message 9",
  ]);
  ask("delete", [{ signature }, "3012 delete the account"], [
    {},
    "4012 account deleted",
  ]);
  ask("ping", [{}, "3013 ping"], [{}, "4013 ping"]);
  frames.push({
    direction: "answer",
    frame: refusal({
      reason: RefusalReason.OtherDevices,
      retryAfter: 0,
      detail: ben.record.bytes,
    }),
    what: "4999 refusal: other devices",
  });
  return frames;
}
