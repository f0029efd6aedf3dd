/**
 * The addresses of a store's hosts. A connection by name ends at the first
 * address that takes it, which may be a standby's: then each is tried by itself.
 *
 * @module
 */

import { lookup } from "node:dns";
import { isIP } from "node:net";
import type { StoreHost } from "./store_url.ts";

/** Where PostgreSQL listens, unless a URL says otherwise. */
const DEFAULT_PORT = 5432;

/** What a connection is made to. */
export interface HostAddress extends StoreHost {
  /** The name that the server's certificate has to hold, where `hostname` is one of its addresses. */
  name?: string;
}

/** The hosts, and behind a name that has several addresses each of them. */
export async function hostAddresses(
  hosts: readonly StoreHost[],
): Promise<HostAddress[]> {
  const all = await Promise.all(hosts.map(async (host) => {
    const addresses = await addressesOf(host);
    return addresses.length < 2 ? [host] : [
      host,
      ...addresses.map((hostname) => ({
        ...host,
        hostname,
        name: host.hostname,
      })),
    ];
  }));
  return all.flat();
}

/** None where the name can't be looked up: to connect by it tells why. */
function addressesOf(
  { hostname, port = DEFAULT_PORT }: StoreHost,
): Promise<string[]> {
  if (isIP(hostname) !== 0) return Promise.resolve([]);
  // The runtime asks for leave to reach the port, which Node's own doesn't know.
  const options = { all: true, port } as const;
  return new Promise((resolve) => {
    lookup(hostname, options, (error, found) => {
      const addresses = error ? [] : found.map(({ address }) => address);
      resolve([...new Set(addresses)]);
    });
  });
}
