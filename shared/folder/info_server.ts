/**
 * The file `info.server`, which says where the relay is (section 11 of
 * docs/protocol.md), or where several relays of one store are.
 *
 * @module
 */

import { FormatError } from "../wire/format_error.ts";
import { parsePort } from "./info_myport.ts";

/** Addresses that a client takes at most. */
const MOST_ADDRESSES = 16;

/** Where a relay listens. */
export interface Address {
  /** A host's name or address, IPv6 without brackets. */
  hostname: string;
  /** 1 to 65535; 0 where any free one may be asked for. */
  port: number;
}

/**
 * Reads `address:port`, one line; an IPv6 address stands in brackets.
 *
 * @param leastPort the least port that is taken; 0 where any free one may be asked for
 * @throws {FormatError} where it is none
 */
export function parseAddress(text: string, leastPort = 1): Address {
  const line = text.replace(/^\ufeff/, "").replace(/\0+/g, "").trim();
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):(\d+)$/i.exec(line);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined) {
    throw new FormatError(
      `expected ADDRESS:PORT, such as 127.0.0.1:1357, got ${
        JSON.stringify(line.slice(0, 80))
      }`,
    );
  }
  return { hostname, port: parsePort(match?.[3] ?? "", leastPort) };
}

/**
 * Reads the file: an address a line, 1 to 16 of them. Empty lines are nothing,
 * and one that comes again is one.
 *
 * @throws {FormatError} with the number of the line that is wrong
 */
export function parseAddressLines(text: string): Address[] {
  const lines = text.split("\n").map((line) => line.replace(/[\ufeff\0]/g, ""));
  const isEmpty = lines.every((line) => line.trim() === "");
  return distinct(lines.flatMap((line, index) => {
    if (line.trim() === "" && !isEmpty) return [];
    try {
      return [parseAddress(line)];
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new FormatError(`line ${index + 1}: ${error.message}`);
    }
  }));
}

/**
 * Reads the same with commas between the addresses, as a flag gives them.
 *
 * @throws {FormatError} where one of them is none
 */
export function parseAddressList(text: string): Address[] {
  return distinct(text.split(",").map((part) => parseAddress(part)));
}

/** The text that {@linkcode parseAddress} reads. */
export function formatAddress({ hostname, port }: Address): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

function distinct(addresses: readonly Address[]): Address[] {
  const byName = new Map(
    addresses.map((address) => [formatAddress(address).toLowerCase(), address]),
  );
  if (byName.size <= MOST_ADDRESSES) return [...byName.values()];
  throw new FormatError(
    `expected ${MOST_ADDRESSES} addresses at most, got ${byName.size}`,
  );
}
