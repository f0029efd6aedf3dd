/**
 * The line that a relay prints for its users to pass on:
 * `mu://HOST:PORT/KEY` (section 2 of docs/secure.md).
 *
 * @module
 */

import {
  type Address,
  formatAddress,
  parseAddress,
  parseAddressList,
} from "../folder/info_files.ts";
import { FormatError } from "../wire/format_error.ts";
import { signingKeyProblem } from "./ed25519.ts";

/** Where a relay's secure port is, and the key that it has to show. */
export interface RelayLine extends Address {
  /** The relay's Ed25519 key, 32 bytes. */
  key: Uint8Array;
}

/** An address of a legacy port, or the line of a secure port. */
export type RelayPlace = Address | RelayLine;

/** Whether a place is a secure port. */
export function isRelayLine(place: RelayPlace): place is RelayLine {
  return "key" in place;
}

/** What every line begins with. */
export const LINE_PREFIX = "mu://";
/** Characters of the key: 32 bytes in base64url without padding. */
const KEY_LENGTH = 43;

/** The line as text. */
export function formatRelayLine({ key, ...address }: RelayLine): string {
  return `${LINE_PREFIX}${formatAddress(address)}/${formatKey(key)}`;
}

/** A key in canonical base64url, 43 characters. */
export function formatKey(key: Uint8Array): string {
  return key.toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * Parses a line. It has one form only: nothing may stand before or behind it
 * (LIN-1, LIN-2).
 *
 * @throws {FormatError} if it is none; the message says what was expected
 */
export function parseRelayLine(text: string): RelayLine {
  const [, place = "", keyText = ""] = FORM.exec(text) ?? [];
  const address = addressIn(place);
  if (address === undefined) throw notALine(text);
  const line = { ...address, key: parseKey(keyText) };
  if (formatRelayLine(line) !== text) throw notALine(text);
  return line;
}

/**
 * Parses addresses and lines separated by commas, as in a flag. What has a
 * slash is meant to be a line.
 *
 * @throws {FormatError} if one is neither, or there are more than 16
 */
export function parsePlaceList(text: string): RelayPlace[] {
  const parts = text.split(",").map((part) => part.trim());
  const isLine = (part: string) => part.includes("/");
  const others = parts.filter((part) => !isLine(part));
  const lines = parts.filter(isLine).map(parseRelayLine);
  if (others.length === 0 && lines.length > 0) return lines;
  return [...parseAddressList(others.join(",")), ...lines];
}

/** What stands between the slashes is printable ASCII without blanks. */
const FORM = /^mu:\/\/([!-.0-~]+)\/(.*)$/s;

/** The address in a line; undefined where it has none. */
function addressIn(place: string): Address | undefined {
  try {
    return parseAddress(place);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

const notALine = (text: string) =>
  new FormatError(
    `expected ${LINE_PREFIX}HOST:PORT/KEY, got ${
      JSON.stringify(text.slice(0, 120))
    }`,
  );

function parseKey(text: string): Uint8Array {
  let key: Uint8Array;
  try {
    key = Uint8Array.fromBase64(text, {
      alphabet: "base64url",
      lastChunkHandling: "loose",
    });
  } catch {
    throw new FormatError(
      "the relay's key isn't base64url: copy the whole line",
    );
  }
  if (text.length !== KEY_LENGTH) {
    throw new FormatError(
      `the relay's key has ${KEY_LENGTH} characters, got ${text.length}: copy the whole line`,
    );
  }
  if (formatKey(key) !== text) {
    throw new FormatError(
      "the relay's key is mistyped in its last character: copy the whole line",
    );
  }
  const problem = signingKeyProblem(key);
  if (problem !== undefined) {
    throw new FormatError(`the relay's key is no key to trust: ${problem}`);
  }
  return key;
}
