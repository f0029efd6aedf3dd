import { signRecord } from "../../../shared/secure/account_record.ts";
import { sign } from "../../../shared/secure/ed25519.ts";
import { signRegistration } from "../../../shared/secure/registration.ts";
import {
  Registration,
  SendingState,
  SendingTaken,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import type {
  SecureRequestPayloads,
  SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import {
  authenticationBytes,
  deletionBytes,
  deviceBytes,
  sha256,
} from "../../../shared/secure/signed_bytes.ts";
import { type MessageId, MessageType } from "../../../shared/wire/protocol.ts";
import material from "../material.json" with { type: "json" };
import { anna, ben, clara } from "../people.ts";
import {
  annasContent,
  annasDevice,
  annasRecord,
  annasSecond,
  annasUid,
  bensPackages,
  bensRecord,
  binding,
  DAY,
  deviceIds,
  keys,
  NEW_YEAR,
} from "./fixtures.ts";

/** What stands for an encrypted content. */
const SEALED = new TextEncoder().encode("sealed for one device");

/** Anna's second record, with a new device. */
const annasNext = await signRecord({
  ...annasContent,
  version: 2,
  time: NEW_YEAR + DAY,
  previous: await sha256(annasRecord.bytes),
  devices: [annasDevice, annasSecond],
}, keys.anna);

const [weekly = new Uint8Array(0), single] = bensPackages;

/** A request of each kind by Anna's device. */
export const soundRequests: SecureRequestPayloads = {
  hello: { least: 1, most: 1, features: 0 },
  register: await signRegistration(
    { publicKey: anna.publicKey, record: annasRecord.bytes },
    binding,
    keys.annaDevice,
  ),
  challenge: { account: ben.clientId },
  authenticate: {
    count: 7,
    recordVersion: 1,
    signature: await sign(
      keys.annaDevice,
      authenticationBytes(binding, deviceIds.anna, 7),
    ),
  },
  lookUp: { by: { name: ben.name } },
  claim: { account: ben.clientId, devices: [deviceIds.ben] },
  publish: { packages: [weekly] },
  send: {
    uid: annasUid,
    count: 8,
    account: ben.clientId,
    recordVersion: 1,
    lifetime: 604_800,
    envelopes: [{ device: deviceIds.ben, content: SEALED }],
  },
  fetch: { acknowledged: 41 as Seq, wait: 50, most: 1_048_576 },
  record: {
    record: annasNext.bytes,
    signatures: [
      await sign(
        keys.annaSecond,
        await deviceBytes(binding, annasNext.bytes),
      ),
    ],
  },
  outcome: { uids: [annasUid] },
  sendLegacy: {
    uid: annasUid,
    target: clara.clientId,
    type: MessageType.KeyRequest,
    content: new Uint8Array(0),
  },
  delete: {
    signature: await sign(keys.anna, deletionBytes(binding, anna.clientId)),
  },
  ping: {},
};

/** The response to each. */
export const soundResponses: SecureResponsePayloads = {
  hello: {
    version: 1,
    features: 0,
    ...binding,
    time: NEW_YEAR,
    largest: 67_108_864,
    retention: 2_592_000,
    registration: Registration.Open,
  },
  register: { account: anna.clientId },
  challenge: {
    encrypted: Uint8Array.fromHex(material.secure.challenges.right),
  },
  authenticate: {
    highestCount: 7,
    recordVersion: 1,
    singleUseLeft: 100,
    waiting: 2,
  },
  lookUp: {
    account: ben.clientId,
    publicKey: ben.publicKey,
    record: bensRecord.bytes,
  },
  claim: { packages: [{ device: deviceIds.ben, weekly, single }] },
  publish: { singleUseLeft: 99 },
  send: { taken: SendingTaken.Now, highestCount: 8 },
  fetch: {
    time: NEW_YEAR + DAY,
    lastSeq: 42 as Seq,
    messages: [{
      seq: 42 as Seq,
      uid: annasUid,
      account: ben.clientId,
      device: deviceIds.ben,
      flags: 0,
      arrived: NEW_YEAR + 60_000,
      content: SEALED,
    }],
  },
  record: { version: 2 },
  outcome: {
    outcomes: [{
      uid: annasUid,
      state: SendingState.Taken,
      time: NEW_YEAR + 60_000,
    }],
  },
  sendLegacy: { messageId: 3 as MessageId },
  delete: {},
  ping: {},
};
