import { reasonOf } from "../../../shared/cli/reason.ts";
import { relayCredentials } from "../../../shared/secure/relay_certificate.ts";
import { type ListenOptions, listenSecurely } from "../../relay/listen.ts";
import { makeRelayKey, readRelayKey, relayKeyFiles } from "./relay_key.ts";

/** An open port of the secure protocol. */
export interface SecurePort {
  /** Shows the certificate of the relay key. */
  listener: Deno.TlsListener;
  /** The public half of the relay key, 32 bytes. */
  relayKey: Uint8Array;
  /** The file of a key that was made just now. */
  newKey?: string;
}

/**
 * Opens the secure port with the relay's key, which is made at the first start.
 *
 * @param options `dir` is the folder of the key; with `isDefault` a relay goes
 * without a port or a first key that can't be had
 * @param warn is told why a relay goes without
 * @returns undefined for a relay without secure port
 * @throws {Error} if the key or the port can't be used; the message says what to
 * do
 */
export async function openSecurePort(
  { isDefault, dir, ...options }: ListenOptions & {
    isDefault: boolean;
    dir: string;
  },
  warn: (text: string) => void,
): Promise<SecurePort | undefined> {
  const { current } = relayKeyFiles(dir);
  const found = await readRelayKey(current);
  try {
    const key = found ?? await makeRelayKey(current);
    const listener = listenSecurely(options, await relayCredentials(key));
    return {
      listener,
      relayKey: key.publicKey,
      ...found === undefined && { newKey: current },
    };
  } catch (error) {
    const reason = reasonOf(error);
    if (!isDefault) {
      throw new Error(`${reason}; --secure-port off goes without one`);
    }
    warn(`${reason}. The relay serves without a secure port`);
    return undefined;
  }
}
