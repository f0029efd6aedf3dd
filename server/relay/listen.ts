/**
 * Opens the relay's ports, so that another relay can take them over: both have
 * them open for a while, and the system shares connections out between them.
 *
 * @module
 */

import { formatAddress } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UsageError } from "../../shared/cli/program.ts";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";
import { hasCode } from "../../shared/platform/system_error.ts";
import type { RelayCredentials } from "../../shared/secure/relay_certificate.ts";

/** Where a relay listens. */
export interface ListenOptions {
  /** The address. */
  hostname: string;
  /** The port; 0 for any free one. */
  port: number;
  /** Whether another relay may have it open. Default: false. */
  takeOver?: boolean;
}

/**
 * Opens the port for clients.
 *
 * @throws {Error} where it can't be had, with what to do about it
 */
export function listen(
  options: ListenOptions,
  platform: Platform = thisPlatform,
): Deno.TcpListener {
  try {
    return openPort(options, platform);
  } catch (error) {
    throw portError(options, error, "--port");
  }
}

/**
 * Opens the port of the secure protocol, which shows a relay's certificate.
 *
 * @throws {Error} where it can't be had, with what to do about it
 */
export function listenSecurely(
  options: ListenOptions,
  credentials: RelayCredentials,
  platform: Platform = thisPlatform,
): Deno.TlsListener {
  try {
    const shared = sharing(options, platform);
    return Deno.listenTls({ ...address(options), ...credentials, ...shared });
  } catch (error) {
    throw portError(options, error, "--secure-port");
  }
}

/** What to tell of a port that can't be had; `flag` names another one. */
function portError(
  options: ListenOptions,
  error: unknown,
  flag: string,
): unknown {
  if (error instanceof UsageError) return error;
  const where = formatAddress(options);
  return new Error(
    hasCode(error, "EADDRINUSE")
      ? `${where} is in use: stop the other program (if it was stopped just now, wait a minute), or take another port with ${flag}`
      : `Can't listen on ${where}: ${reasonOf(error)}`,
  );
}

/**
 * Opens a port.
 *
 * @throws {Error} where another program has it (`EADDRINUSE`), or it can't be
 * had otherwise
 */
export function openPort(
  options: ListenOptions,
  platform: Platform = thisPlatform,
): Deno.TcpListener {
  const shared = sharing(options, platform);
  return Deno.listen({ ...address(options), ...shared });
}

const address = ({ hostname, port }: ListenOptions) => ({ hostname, port });

/**
 * How a port is opened, so that another relay can take it over.
 *
 * @throws {Error} where it mustn't be shared and another program has it
 */
function sharing(
  { hostname, port, takeOver = false }: ListenOptions,
  { sharesPorts }: Platform,
): { reusePort?: true } {
  // The runtime ends a program that asks for what this flag allows without it,
  // and shows by its other things that it was given.
  const mayShare = sharesPorts && "listenDatagram" in Deno;
  if (takeOver && !mayShare) {
    throw new UsageError(
      "--take-over needs deno run --unstable-net, as messageu-relay has it",
    );
  }
  // A shared port is shared with any program: none may have it open now.
  if (mayShare && !takeOver && port !== 0) {
    Deno.listen({ hostname, port }).close();
  }
  // Elsewhere the option lets another program take the port away.
  return mayShare ? { reusePort: true } : {};
}
