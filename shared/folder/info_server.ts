/**
 * Ports and addresses, as in `info.myport` (INF-1) and `info.server`, which names
 * one or several relays on one store (section 11 of docs/protocol.md).
 *
 * @module
 */

import { FormatError } from "../wire/format_error.ts";

/**
 * Parses a port in decimal; white space around it is ignored.
 *
 * @param min the lowest valid port; 0 to allow "any free port"
 * @throws {FormatError} if it isn't a port
 */
export function parsePort(text: string, min = 1): number {
  const digits = text.replace(/^\ufeff/, "").replace(/\0+/g, "").trim();
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : NaN;
  if (port >= min && port <= 65535) return port;
  throw new FormatError(
    `expected a port from ${min} to 65535, got ${
      JSON.stringify(digits.slice(0, 80))
    }`,
  );
}

/** Maximum number of addresses. */
const MOST_ADDRESSES = 16;

/** A relay's address. */
export interface Address {
  /** A host's name or address, IPv6 without brackets. */
  hostname: string;
  /** 1 to 65535; 0 for any free port where that is allowed. */
  port: number;
}

/**
 * Parses `address:port`; an IPv6 address is in brackets.
 *
 * @param leastPort the lowest valid port; 0 to allow "any free port"
 * @throws {FormatError} if it isn't an address
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
 * Parses the file: 1 to 16 addresses, one a line. Empty lines and repeated
 * addresses are dropped.
 *
 * @throws {FormatError} with the number of the invalid line
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
 * Parses 1 to 16 addresses separated by commas, as in a flag.
 *
 * @throws {FormatError} if one isn't an address
 */
export function parseAddressList(text: string): Address[] {
  return distinct(text.split(",").map((part) => parseAddress(part)));
}

/** Formats an address for {@linkcode parseAddress}. */
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
