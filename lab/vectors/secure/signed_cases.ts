import { concat } from "@std/bytes";
import { sign, type SigningKey } from "../../../shared/secure/ed25519.ts";
import { safetyNumber } from "../../../shared/secure/safety_number.ts";
import { NONCE_SIZE } from "../../../shared/secure/secure_protocol.ts";
import {
  authenticationBytes,
  challengeLabel,
  type ChannelBinding,
  deletionBytes,
  deviceBytes,
  labelled,
  labels,
  liftProof,
  registrationBytes,
  sha256,
} from "../../../shared/secure/signed_bytes.ts";
import { anna, ben } from "../people.ts";
import material from "../material.json" with { type: "json" };
import {
  annasRecord,
  bensRecord,
  binding,
  deviceIds,
  keys,
} from "./fixtures.ts";
import type { SecureCase } from "./secure_case.ts";
import { forgery, neutralKey } from "./weak_keys.ts";

/** Signed bytes with their signatures, proofs, challenges and safety numbers. */
export async function signedCases(): Promise<SecureCase[]> {
  return [
    ...await signatureCases(),
    ...await liftCases(),
    ...await safetyNumberCases(),
  ];
}

async function signatureCases(): Promise<SecureCase[]> {
  const payload = new TextEncoder().encode("all before the signature");
  const count = 7;
  const login = (channel: ChannelBinding) =>
    authenticationBytes(channel, deviceIds.anna, count);
  const told = { ...binding, device: deviceIds.anna, count };
  const otherNonce = { ...binding, nonce: new Uint8Array(NONCE_SIZE) };
  const otherRelay = { ...binding, relayKey: keys.stranger.publicKey };
  const bytes = login(binding);
  const refused = async (
    name: string,
    about: string,
    breaks: "SIG-1" | "SIG-2",
    signed: Uint8Array,
  ): Promise<SecureCase> => ({
    name: `signature-${name}`,
    about,
    of: "signature",
    breaks,
    bytes,
    given: {
      key: keys.annaDevice.publicKey,
      signature: await sign(keys.annaDevice, signed),
    },
  });
  return [
    await valid(
      "register",
      "Of a 3001.",
      await registrationBytes(binding, payload),
      keys.annaDevice,
      { label: labels.register, ...binding, hash: await sha256(payload) },
    ),
    await valid("authenticate", "Of a 3003.", bytes, keys.annaDevice, {
      label: labels.authenticate,
      ...told,
    }),
    await valid(
      "device",
      "Of a new device in a 3009.",
      await deviceBytes(binding, annasRecord.bytes),
      keys.annaSecond,
      {
        label: labels.device,
        ...binding,
        hash: await sha256(annasRecord.bytes),
      },
    ),
    await valid(
      "delete",
      "Of a 3012.",
      deletionBytes(binding, anna.clientId),
      keys.anna,
      { label: labels.delete, ...binding, account: anna.clientId },
    ),
    await refused(
      "other-nonce",
      "Made for another connection.",
      "SIG-2",
      login(otherNonce),
    ),
    await refused(
      "other-relay",
      "Made for another relay.",
      "SIG-2",
      login(otherRelay),
    ),
    await refused(
      "other-label",
      "Made under the label of a deletion.",
      "SIG-1",
      labelled("delete", bytes.subarray(labels.authenticate.length + 1)),
    ),
    await refused(
      "label-without-nul",
      "Made under the label without its NUL.",
      "SIG-1",
      concat([
        bytes.subarray(0, labels.authenticate.length),
        bytes.subarray(labels.authenticate.length + 1),
      ]),
    ),
    {
      name: "signature-small-order",
      about: "A signature that fits to all, under the neutral point.",
      of: "signature",
      breaks: "EDK-1",
      bytes,
      given: { key: neutralKey, signature: forgery },
    },
  ];

  async function valid(
    name: string,
    about: string,
    bytes: Uint8Array,
    key: SigningKey,
    meaning: SecureCase["meaning"] = {},
  ): Promise<SecureCase> {
    const given = { key: key.publicKey, signature: await sign(key, bytes) };
    return {
      name: `signature-${name}`,
      about,
      of: "signature",
      bytes,
      given,
      meaning,
    };
  }
}

async function liftCases(): Promise<SecureCase[]> {
  const hex = (text: string) => Uint8Array.fromHex(text);
  const { challenges } = material.secure;
  const opened = hex(challenges.opened);
  const challenge = (
    name: string,
    about: string,
    encrypted: string,
    more: Partial<SecureCase>,
  ): SecureCase => ({
    name: `challenge-${name}`,
    about,
    of: "challenge",
    bytes: hex(encrypted),
    given: { privateKey: ben.privateKey, label: challengeLabel(binding) },
    ...more,
  });
  const { bytes: record } = bensRecord;
  return [
    challenge("right", "A challenge for Ben.", challenges.right, {
      meaning: { opened },
    }),
    challenge("short", "It opens to 31 bytes.", challenges.short, {
      breaks: "LFT-3",
    }),
    challenge(
      "without-label",
      "Encrypted without a label, as a legacy symmetric key is.",
      challenges.unlabelled,
      { breaks: "LFT-1" },
    ),
    {
      name: "proof",
      about: "What a client answers to the challenge, for Ben's record.",
      of: "proof",
      bytes: labelled(
        "lift",
        binding.relayKey,
        binding.nonce,
        await sha256(record),
      ),
      given: { opened, record },
      meaning: {
        label: labels.lift,
        ...binding,
        hash: await sha256(record),
        proof: await liftProof(binding, opened, record),
      },
    },
  ];
}

async function safetyNumberCases(): Promise<SecureCase[]> {
  const numberOf = async (
    name: string,
    about: string,
    identity: Uint8Array,
  ): Promise<SecureCase> => {
    const { account } = annasRecord;
    const other = bensRecord;
    // Ben's id is the smaller one.
    const bytes = labelled(
      "safety",
      other.account,
      other.identity,
      account,
      identity,
    );
    return {
      name: `safety-number-${name}`,
      about,
      of: "safetyNumber",
      bytes,
      given: {
        account,
        identity,
        otherAccount: other.account,
        otherIdentity: other.identity,
      },
      meaning: { number: await safetyNumber({ account, identity }, other) },
    };
  };
  return [
    await numberOf("anna-ben", "Of Anna and Ben.", annasRecord.identity),
    await numberOf(
      "anna-renewed-ben",
      "Of both, once Anna has another identity.",
      keys.stranger.publicKey,
    ),
  ];
}
