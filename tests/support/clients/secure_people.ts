/** Secure accounts in folders, at a relay in this process. */

import type { Identity } from "../../../client/mod.ts";
import { ConnectionError } from "../../../client/errors.ts";
import type { SecureConnection } from "../../../client/secure/secure_connection.ts";
import { SecureRelays } from "../../../client/secure/secure_link.ts";
import { registerAccount } from "../../../client/secure/secure_registration.ts";
import { SecureSession } from "../../../client/secure/secure_session.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import type { SecureRequestKind } from "../../../shared/secure/secure_requests.ts";

/** Options of a relay for many registrations from one address. */
export const unlimited = { limits: { registrationsPerMinute: 0 } } as const;

/** The relays of a client whose only line this is. */
export function relaysAt({ key, ...address }: RelayLine): SecureRelays {
  return new SecureRelays(() => [{ ...address, keys: [key] }], () => undefined);
}

/** Relays whose first response of a kind gets lost, after they have done as asked. */
export class LosingRelays extends SecureRelays {
  readonly #kind: SecureRequestKind;
  /** Responses of the kind so far. */
  responses = 0;

  constructor({ key, ...address }: RelayLine, kind: SecureRequestKind) {
    super(() => [{ ...address, keys: [key] }], () => undefined);
    this.#kind = kind;
  }

  override async connect(): Promise<SecureConnection> {
    const connection = await super.connect();
    const ask = connection.request.bind(connection);
    connection.request = async (kind, payload) => {
      const response = await ask(kind, payload);
      if (kind !== this.#kind || this.responses++ > 0) return response;
      connection.close();
      throw new ConnectionError("The response got lost");
    };
    return connection;
  }
}

/** Registers an account in a folder. */
export async function enrolled(
  dir: string,
  name: string,
  line: RelayLine,
): Promise<{ me: Identity; session: SecureSession }> {
  const relays = relaysAt(line);
  const me = await registerAccount(dir, name, relays);
  return { me, session: new SecureSession(dir, relays) };
}
