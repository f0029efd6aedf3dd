import type { SecureIdentity } from "../../harness/secure/identity.ts";
import { SecurePeer } from "../../harness/secure/peer.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";

/** What a load of connections reached. */
export interface Handshakes {
  /** Connections a second. */
  rate: number;
}

/** Connects again and again, and authenticates or closes at once. */
export async function measureHandshakes(
  line: RelayLine,
  identity: SecureIdentity,
  { seconds, atOnce, authenticates }: {
    seconds: number;
    atOnce: number;
    authenticates: boolean;
  },
): Promise<Handshakes> {
  const deadline = performance.now() + 1000 * seconds;
  let made = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (performance.now() < deadline) {
      using _ = authenticates
        ? await SecurePeer.authenticated(line, identity)
        : await SecurePeer.connect(line);
      if (performance.now() <= deadline) made++;
    }
  }));
  return { rate: made / seconds };
}
