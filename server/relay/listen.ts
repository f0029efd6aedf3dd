/**
 * Opens the relay's port, so that another relay can take it over: both have it
 * open for a while, and the system shares connections out between them.
 *
 * @module
 */

import { formatAddress } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UsageError } from "../../shared/cli/program.ts";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

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
    if (error instanceof UsageError) throw error;
    const where = formatAddress(options);
    if (hasCode(error, "EADDRINUSE")) {
      throw new Error(
        `${where} is in use: stop the other program (if it was stopped just now, wait a minute), or take another port with --port`,
      );
    }
    throw new Error(`Can't listen on ${where}: ${reasonOf(error)}`);
  }
}

/**
 * Opens a port.
 *
 * @throws {Error} where another program has it (`EADDRINUSE`), or it can't be
 * had otherwise
 */
export function openPort(
  { hostname, port, takeOver = false }: ListenOptions,
  { sharesPorts }: Platform = thisPlatform,
): Deno.TcpListener {
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
  return Deno.listen({ hostname, port, ...mayShare && { reusePort: true } });
}
