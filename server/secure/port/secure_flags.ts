/**
 * The flags of the secure port.
 *
 * @module
 */

import { isIP } from "node:net";
import { type FlagValues, valueFlag } from "../../../shared/cli/flags.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { parseAddress, parsePort } from "../../../shared/folder/info_files.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";

/** The flags of the secure port. */
export const secureFlags = {
  securePort: valueFlag(
    "N|off",
    "the port of the secure protocol; 0 takes any free one, off opens\nnone (default: the port above plus 1)",
    (text) => text === "off" ? text : parsePort(text, 0),
  ),
  name: valueFlag(
    "HOST",
    "where clients reach the relay, for the line that it prints for\nthem; HOST:N if they reach its secure port at N",
    parseName,
  ),
};

type SecureValues = FlagValues<typeof secureFlags>;

/** Where clients reach a relay. */
export interface RelayName {
  /** A host's name or address, IPv6 without brackets. */
  hostname: string;
  /** The secure port as clients see it, if that is another one. */
  port?: number;
}

/** How the secure port is opened. */
export interface SecurePortSetting {
  /** 0 for any free one. */
  port: number;
  /** Whether it follows from the legacy port: a relay that can't have it serves without it. */
  isDefault: boolean;
  name: RelayName | undefined;
}

/**
 * The options of these flags; undefined for a relay without secure port.
 *
 * @param legacy the port of the legacy protocol
 * @param others ports that other parts of the relay need
 * @param warn is told why a default port isn't opened
 * @throws {UsageError} if the named port is one of the others
 */
export function secureOptionsOf(
  { securePort, name }: SecureValues,
  legacy: number,
  others: readonly number[],
  warn: (text: string) => void,
): SecurePortSetting | undefined {
  if (securePort === "off") return undefined;
  const port = securePort ?? (legacy === 0 ? 0 : legacy + 1);
  const isDefault = securePort === undefined && port !== 0;
  if (port === 0 && name?.port !== undefined) {
    throw new UsageError(
      `--name has the port ${name.port}, but the secure port is any free one: name it with --secure-port`,
    );
  }
  const isFree = port === 0 || port !== legacy && !others.includes(port);
  if (isFree && port <= 65_535) return { port, isDefault, name };
  const taken = `${port} is no free port of this relay`;
  if (!isDefault) {
    throw new UsageError(`--secure-port: ${taken}: take another one`);
  }
  warn(`${taken}, so it has no secure port: name one with --secure-port`);
  return undefined;
}

/** Parses a name. @throws {FormatError} unless it is HOST or HOST:N, as the line may have it */
export function parseName(text: string): RelayName {
  const host = isIP(text) === 6 ? `[${text}]` : text;
  const hasPort = /^(\[.*\]|[^:[]*):/.test(host);
  try {
    if (!/^[!-.0-~]+$/.test(text)) throw new FormatError("no host");
    const { hostname, port } = parseAddress(hasPort ? host : `${host}:1`);
    return hasPort ? { hostname, port } : { hostname };
  } catch {
    throw new FormatError(
      `expected HOST or HOST:PORT, such as relay.example.org, got ${
        JSON.stringify(text.slice(0, 80))
      }`,
    );
  }
}
