/**
 * The encrypted channel to a relay that shows a pinned key (section 2 of
 * docs/secure.md). Only `Deno.startTls` makes it: `node:tls` accepts certificates
 * that the key didn't sign.
 *
 * @module
 */

import {
  type Environment,
  isReadable,
  readVariable,
} from "../../shared/cli/environment.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { formatAddress } from "../../shared/folder/info_files.ts";
import {
  RELAY_HOST_NAME,
  trustAnchor,
} from "../../shared/secure/relay_certificate.ts";
import { isTlsRefusal } from "../../shared/platform/system_error.ts";
import { ConnectionError, RelayKeyError, UserError } from "../errors.ts";
import { Stalled, StallWatch } from "../link/connection.ts";
import type { Connected } from "../link/relays.ts";

/** Milliseconds for the handshake. */
const HANDSHAKE_TIMEOUT = 10_000;

/** Variables that add certificates to those that the runtime trusts. */
const ROOT_VARIABLES = [
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "NODE_EXTRA_CA_CERTS",
] as const;

/**
 * Refuses a runtime that trusts more than a pinned key.
 *
 * @param environment default: the process's
 * @throws {UserError} if a variable adds certificates, or access to it is denied
 */
export function refuseAddedRoots(
  environment: Environment = readVariable,
): void {
  const isHidden = environment === readVariable &&
    !ROOT_VARIABLES.every(isReadable);
  if (isHidden) {
    throw new UserError(
      "The secure port isn't used: whether the environment adds certificates can't be seen",
      `Start the client with --allow-env, or --allow-env=${ROOT_VARIABLES}`,
    );
  }
  const name = ROOT_VARIABLES.find((name) => environment(name));
  if (name === undefined) return;
  throw new UserError(
    `The secure port isn't used while ${name} is set: it adds certificates that could stand in for the relay's key`,
    `Start the client without ${name}`,
  );
}

/**
 * Encrypts a connection; the relay has to show one of the keys.
 *
 * @param keys one key of 32 bytes, or two while the relay changes its key
 * @throws {RelayKeyError} if it shows another one
 * @throws {ConnectionError} if the handshake breaks
 */
export async function startChannel(
  { conn, address }: Pick<Connected, "conn" | "address">,
  keys: readonly Uint8Array[],
): Promise<Deno.TlsConn> {
  let close = () => conn.close();
  using watch = new StallWatch(HANDSHAKE_TIMEOUT, () => close());
  const where = formatAddress(address);
  try {
    // A request goes out behind the handshake's last bytes, which aren't acknowledged yet.
    conn.setNoDelay(true);
    const starting = Deno.startTls(conn, {
      hostname: RELAY_HOST_NAME,
      caCerts: keys.map(trustAnchor),
    });
    // It has taken the connection, and closes it where it fails.
    close = () => {};
    const channel = await starting;
    close = () => channel.close();
    await channel.handshake();
    return channel;
  } catch (cause) {
    if (!watch.stalled) close();
    if (isTlsRefusal(cause)) {
      throw new RelayKeyError(where, reasonOf(cause), { cause });
    }
    const reason = reasonOf(watch.stalled ? new Stalled() : cause);
    throw new ConnectionError(
      `The handshake with ${where} broke: ${reason}`,
      "Is it the relay's secure port? The relay may be full, or restarting: try again",
      { cause },
    );
  }
}
