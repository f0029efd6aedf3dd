/** A relay with one fault at its secure port, and which checks find it. */

import { checkSecureServer } from "../../../kit/conformance/secure/check_secure.ts";
import { MemoryStore, startRelay, type Store } from "../../../server/mod.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import { relayCredentials } from "../../../shared/secure/relay_certificate.ts";
import { StoreAround } from "../store_around.ts";
import type { SecureFault } from "./secure_fault.ts";
import { SecureLine } from "./secure_line.ts";

const PLACE = { hostname: "127.0.0.1", port: 0 } as const;
/** Milliseconds for which messages wait. */
const RETENTION = 86_400_000;
/** Milliseconds that a response may take: long enough for a busy machine. */
const TIMEOUT = 10_000;

/**
 * Starts a relay with a fault and runs checks of its secure port.
 *
 * @param only names of checks. Default: all
 * @returns the failed checks by name, each with its reason
 */
export async function failedSecureChecks(
  { store: storeAround, frames }: Partial<SecureFault>,
  only?: readonly string[],
): Promise<Record<string, string | undefined>> {
  const inner = new MemoryStore();
  const secure = storeAround?.(inner.secure) ?? inner.secure;
  const store: Store = new class extends StoreAround {
    override get secure() {
      return secure;
    }
  }(inner);
  const key = await generateSigningKey();
  const tls = Deno.listenTls({ ...PLACE, ...await relayCredentials(key) });
  const accept = async () => {
    const conn = await tls.accept();
    return (frames === undefined ? conn : new SecureLine(conn, frames()));
  };
  const listener = { addr: tls.addr, accept, close: () => tls.close() };
  const relay = startRelay({
    listener: Deno.listen(PLACE),
    secure: {
      listener: listener as Deno.TlsListener,
      relayKey: key.publicKey,
      retention: RETENTION,
    },
    store,
    // A fault may break off what the store was asked for.
    report: () => {},
    limits: { registrationsPerMinute: 0, secureHandshakes: 0 },
    drainTimeout: 0,
  });
  try {
    const { hostname } = PLACE;
    const { port } = tls.addr as Deno.NetAddr;
    const failed: Record<string, string | undefined> = {};
    for await (
      const { name, verdict, reason } of checkSecureServer({
        line: { hostname, port, key: key.publicKey },
        legacy: { hostname, port: relay.address.port },
        timeout: TIMEOUT,
        only,
      })
    ) {
      if (verdict === "fail") failed[name] = reason;
    }
    return failed;
  } finally {
    await relay.close();
    await inner.close();
  }
}
