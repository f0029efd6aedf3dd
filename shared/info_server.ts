/**
 * The file `info.server`, which says where the relay is (section 5 of the wire
 * format).
 *
 * @module
 */

import { FormatError } from "./format_error.ts";
import { parsePort } from "./info_myport.ts";

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
      `expected ADDRESS:PORT on one line, such as 127.0.0.1:1357, got ${
        JSON.stringify(line.slice(0, 80))
      }`,
    );
  }
  return { hostname, port: parsePort(match?.[3] ?? "", leastPort) };
}

/** The text that {@linkcode parseAddress} reads. */
export function formatAddress({ hostname, port }: Address): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}
