/**
 * The meaning of the fields of secure frames, safe for a terminal.
 *
 * @module
 */

import { PackageKind } from "../../../shared/secure/key_package.ts";
import {
  MailFlag,
  RefusalReason,
  Registration,
  SendingState,
} from "../../../shared/secure/secure_protocol.ts";
import { formatThings } from "../../../shared/cli/figures.ts";
import { printableLine } from "../../../shared/cli/printable.ts";
import { idOf, isZeros, nameText, sizeText, typeName } from "../meaning.ts";
import type { Names } from "../names.ts";
import { integer, lastName, type Piece } from "../walk.ts";

type Meaning = (piece: Piece, names: Names) => string;

/** Formats an id of an account or a device. */
const id = (noun: string): Meaning => ({ bytes }, names) =>
  isZeros(bytes) ? `no ${noun} (zeros)` : `${noun} ${idOf(bytes, names)}`;

const count = (noun: string): Meaning => ({ bytes }) =>
  formatThings(integer(bytes), noun);

const named = (words: string): Meaning => ({ bytes }) =>
  `${words} ${integer(bytes)}`;

const device = id("device");
const seconds = count("second");
const signature: Meaning = () => "signature";

const meanings: Readonly<Record<string, Meaning>> = {
  clientId: device,
  device,
  devices: device,
  id: device,
  account: id("account"),
  target: id("account"),
  version: named("version"),
  least: named("version"),
  most: ({ bytes, path }) =>
    path === "payload.most" && bytes.length === 1
      ? `version ${integer(bytes)}`
      : sizeText(integer(bytes)),
  recordVersion: named("record version"),
  features: ({ bytes }) => `features 0x${integer(bytes).toString(16)}`,
  relayKey: () => "the relay's Ed25519 key",
  nonce: () => "nonce of this hello",
  time,
  added: time,
  made: time,
  arrived: time,
  largest: ({ bytes }) => `payloads up to ${sizeText(integer(bytes))}`,
  retention: seconds,
  lifetime: seconds,
  wait: seconds,
  retryAfter: seconds,
  registration: ({ bytes }) => nameOf(Registration, bytes),
  state: ({ bytes }) => nameOf(SendingState, bytes),
  reason: ({ bytes }) => nameOf(RefusalReason, bytes),
  has: ({ bytes }) => integer(bytes) === 0 ? "absent" : "present",
  by: ({ bytes }) => `option ${integer(bytes)}`,
  name: ({ bytes }) => nameText(bytes),
  count: ({ bytes }) => `${integer(bytes)}`,
  highestCount: named("highest count"),
  number: named("package"),
  kind: ({ bytes }) =>
    integer(bytes) === PackageKind.Weekly
      ? "weekly"
      : integer(bytes) === PackageKind.SingleUse
      ? "single-use"
      : `unknown kind ${integer(bytes)}`,
  acknowledged: named("up to"),
  seq: named("message"),
  lastSeq: named("message"),
  messageId: named("message"),
  singleUseLeft: count("package"),
  waiting: count("message"),
  taken: ({ bytes }) => integer(bytes) === 1 ? "taken" : "was taken before",
  flags: ({ bytes }) =>
    integer(bytes) === MailFlag.Legacy
      ? "from a legacy client, unverified"
      : `flags ${integer(bytes)}`,
  type: ({ bytes }) => typeName(integer(bytes)),
  identity: () => "I, the account's Ed25519 key",
  oldIdentity: () => "I before this record",
  signingKey: () => "S, Ed25519",
  agreementKey: () => "X25519",
  kemKey: () => "ML-KEM-768",
  previous: ({ bytes }) =>
    bytes.every((byte) => byte === 0)
      ? "no record before"
      : "hash of the record before",
  proof: () => "proof of the challenge",
  encrypted: () => "RSA-OAEP of 32 bytes",
  uid: () => "uid of the sending",
  size: ({ bytes }) => sizeText(integer(bytes)),
  signature,
  signatures: signature,
};

/** The meaning of a field; undefined if it is as in legacy frames. */
export function secureMeaningOf(
  piece: Piece,
  names: Names,
): string | undefined {
  if (piece.missing > 0) return undefined;
  return meanings[lastName(piece.path)]?.(piece, names);
}

/** Latest time that a date can tell, in milliseconds since 1970. */
const LATEST = 8.64e15;

function time({ bytes }: Piece): string {
  const ms = integer(bytes);
  if (ms === 0) return "no time";
  return ms > LATEST ? `${ms} ms` : new Date(ms).toISOString();
}

/** The name of a value in a table, as words. */
export function nameOf(
  table: Readonly<Record<string, number>>,
  bytes: Uint8Array,
): string {
  const value = integer(bytes);
  const found = Object.entries(table).find(([, known]) => known === value);
  return found === undefined
    ? `unknown ${value}`
    : printableLine(words(found[0]));
}

const words = (name: string) =>
  name.replaceAll(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
