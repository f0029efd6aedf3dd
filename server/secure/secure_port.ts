import { reasonOf } from "../../shared/cli/reason.ts";
import type { SigningKey } from "../../shared/secure/ed25519.ts";
import { relayCredentials } from "../../shared/secure/relay_certificate.ts";
import { type ListenOptions, listenSecurely } from "../relay/listen.ts";
import { makeRelayKey, readRelayKey, relayKeyFiles } from "./relay_key.ts";
import type { SecureOptions } from "./secure_flags.ts";

/** An open port of the secure protocol. */
export interface SecurePort {
  listener: Deno.TlsListener;
  /** The relay key, of which the listener shows the certificate. */
  relayKey: SigningKey;
}

/** How a relay's secure port is opened. */
export interface SecurePortOptions extends ListenOptions {
  /** Whether no flag named the port: then the relay serves without it if need be. */
  isDefault: SecureOptions["isDefault"];
  /** The folder of the relay's key. */
  dir: string;
}

/**
 * Opens the secure port with the relay's key, which is made at the first start.
 *
 * @param say receives what the operator should know
 * @returns undefined if a default port or a first key can't be had
 * @throws {Error} if the key can't be used, or a named port can't be had
 */
export async function openSecurePort(
  { isDefault, dir, ...options }: SecurePortOptions,
  say: { info(text: string): void; warn(text: string): void },
): Promise<SecurePort | undefined> {
  const { current } = relayKeyFiles(dir);
  let relayKey = await readRelayKey(current);
  const isNew = relayKey === undefined;
  try {
    relayKey ??= await makeRelayKey(current);
    const credentials = await relayCredentials(relayKey);
    const listener = listenSecurely(options, credentials);
    if (isNew) {
      say.info(
        `made ${current}: keep a copy of it, or all users need a new line once it is lost`,
      );
    }
    return { listener, relayKey };
  } catch (error) {
    if (!isDefault) throw error;
    say.warn(
      `${
        reasonOf(error)
      }. This relay serves without a secure port; --secure-port off says so`,
    );
    return undefined;
  }
}
