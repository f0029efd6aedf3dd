import { isIP } from "node:net";
import {
  formatRelayLine,
  type RelayLine,
} from "../../../shared/secure/relay_line.ts";
import type { RelayName } from "./secure_flags.ts";

/** What stands for the host in a line as long as it isn't known. */
const PLACEHOLDER = "HOST";

/** The line that a relay prints for its users, and what is left to do. */
export interface LineToPassOn {
  /** Ready to be entered, unless there is advice. */
  line: string;
  /** What has to be put into the line first. */
  advice?: string;
}

/**
 * Makes the line that a relay prints for its users (section 2.3 of
 * docs/secure.md).
 *
 * @param listening where the relay listens, with its key
 * @param name where clients reach it, if that is known
 */
export function lineToPassOn(
  { hostname, port, key }: RelayLine,
  name?: RelayName,
): LineToPassOn {
  const host = name?.hostname ?? (isConcrete(hostname) ? hostname : undefined);
  const line = formatRelayLine({
    hostname: host ?? PLACEHOLDER,
    port: name?.port ?? port,
    key,
  });
  if (host !== undefined) return { line };
  return {
    line,
    advice:
      `put the name or address by which clients reach this relay in the place of ${PLACEHOLDER}; with --name it stands there`,
  };
}

/** Whether a host is a single one, and not all addresses of the machine. */
function isConcrete(hostname: string): boolean {
  return isIP(hostname) === 0 || !/^[0:.]*$/.test(hostname);
}
