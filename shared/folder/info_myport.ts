/**
 * The file `info.myport` with the relay's port (INF-1 of docs/protocol.md).
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
