/**
 * The kinds of store, and the one that an address names.
 *
 * @module
 */

import { memory } from "./memory/kind.ts";
import { postgres } from "./postgres/kind.ts";
import { sqlite } from "./sqlite/kind.ts";
import type { StoreAddress, StoreKind } from "./store_kind.ts";

/** All kinds of store; the first is the one that no flag need name. */
export const storeKinds: readonly StoreKind[] = [sqlite, postgres, memory];

/** The kind of the store at an address. @throws {TypeError} where the scheme is unknown */
export function kindOf({ scheme }: Pick<StoreAddress, "scheme">): StoreKind {
  const kind = storeKinds.find(({ schemes }) => schemes.includes(scheme));
  if (kind === undefined) throw new TypeError("Unknown scheme of a store");
  return kind;
}

/**
 * Reads an address, `SCHEME:REST`.
 *
 * @throws {TypeError} where it isn't one; it may hold a password, so the
 * message says what is expected and not what it is
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
    // What is wrong with it may hold the password.
  }
  const forms = kind === undefined ? storeKinds : [kind];
  throw new TypeError(
    `expected ${forms.flatMap(({ form }) => form ?? []).join(", or ")}`,
  );
}
