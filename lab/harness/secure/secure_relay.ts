/** A relay with a secure port in this process, for tests and lab. */

import {
  generateSigningKey,
  type SigningKey,
} from "../../../shared/secure/ed25519.ts";
import { relayCredentials } from "../../../shared/secure/relay_certificate.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import {
  MemoryStore,
  type Relay,
  type RelayOptions,
  startRelay,
  type Store,
} from "../../../server/mod.ts";

const HOSTNAME = "127.0.0.1";
/** Milliseconds for which messages wait where nothing else is said: 30 days. */
const RETENTION = 30 * 86_400_000;

/** How a {@linkcode SecureRelay} differs from others. */
export interface SecureRelayOptions
  extends Omit<RelayOptions, "listener" | "secure" | "store"> {
  /** Default: one in memory, which is closed with the relay. */
  store?: Store;
  /** Milliseconds. Default: 30 days. */
  retention?: number;
  /** Milliseconds. Default: the relay's. */
  authenticationTimeout?: number;
}

/** A relay with a key of its own, on free ports. */
export interface SecureRelay extends AsyncDisposable {
  readonly relay: Relay;
  readonly store: Store;
  /** The relay's key. */
  readonly relayKey: SigningKey;
  /** What a client connects with. */
  readonly line: RelayLine;
  /** Closes the relay; a second time does nothing. */
  close(): Promise<void>;
}

/** Starts a relay that serves both protocols. */
export async function startSecureRelay(
  options: SecureRelayOptions = {},
): Promise<SecureRelay> {
  const {
    store = new MemoryStore(),
    retention = RETENTION,
    authenticationTimeout,
    ...others
  } = options;
  const relayKey = await generateSigningKey();
  const place = { hostname: HOSTNAME, port: 0 };
  const relay = startRelay({
    ...others,
    // All tests come from one address.
    limits: { secureHandshakes: 0, ...options.limits },
    store,
    listener: Deno.listen(place),
    secure: {
      listener: Deno.listenTls({
        ...place,
        ...await relayCredentials(relayKey),
      }),
      relayKey: relayKey.publicKey,
      retention,
      ...authenticationTimeout !== undefined && { authenticationTimeout },
    },
  });
  const close = async () => {
    await relay.close();
    if (options.store === undefined) await store.close();
  };
  const { port } = relay.secureAddress ?? { port: 0 };
  return {
    relay,
    store,
    relayKey,
    line: { hostname: HOSTNAME, port, key: relayKey.publicKey },
    close,
    [Symbol.asyncDispose]: close,
  };
}
