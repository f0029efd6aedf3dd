/**
 * All kinds of store, and the parser of their addresses.
 *
 * @module
 */

import { memory } from "./memory/kind.ts";
import { postgres } from "./postgres/kind.ts";
import { sqlite } from "./sqlite/kind.ts";
import type { Store } from "./store.ts";
import type { OpenOptions, StoreAddress, StoreKind } from "./store_kind.ts";

/** All kinds of store; the first is the default. */
export const storeKinds: readonly StoreKind[] = [sqlite, postgres, memory];

/** The kind of the store at an address. @throws {TypeError} if the scheme is unknown */
export function kindOf({ scheme }: Pick<StoreAddress, "scheme">): StoreKind {
  const kind = storeKinds.find(({ schemes }) => schemes.includes(scheme));
  if (kind === undefined) throw new TypeError("Unknown scheme of a store");
  return kind;
}

/**
 * Parses an address, `SCHEME:REST`.
 *
 * @throws {TypeError} if it is invalid; the message gives the expected form only,
 * since the address may hold a password
 */
export function parseStoreAddress(text: string): StoreAddress {
  const [, name = "", rest = ""] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ??
    [];
  const address = { scheme: name.toLowerCase(), rest };
  const kind = storeKinds.find(({ schemes }) =>
    schemes.includes(address.scheme)
  );
  try {
    kind?.name(address);
    if (kind !== undefined) return address;
  } catch {
    // The error may hold the password.
  }
  const forms = kind === undefined ? storeKinds : [kind];
  throw new TypeError(
    `expected ${forms.flatMap(({ form }) => form ?? []).join(", or ")}`,
  );
}

/**
 * Opens the store at an address of any kind, such as `memory:`.
 *
 * @throws {TypeError} if the address is invalid
 * @throws {StoreError} if the store can't be used; the message says what to do
 */
export async function openStore(
  address: string,
  options: OpenOptions = { notice: () => {} },
): Promise<Store> {
  const parsed = parseStoreAddress(address);
  return await kindOf(parsed).open(parsed, options);
}
