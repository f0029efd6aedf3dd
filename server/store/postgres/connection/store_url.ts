/** The beginning of a URL, who connects, the hosts, and all that follows. */
const SHAPE = /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/is;

/** The port where a URL names none. */
export const DEFAULT_PORT = 5432;

/** A host of a store's URL. */
export interface StoreHost {
  /** A name or an address, an IPv6 address without its brackets. */
  hostname: string;
  /** Undefined where the URL names none. */
  port: number | undefined;
}

/** The parts of a store's URL. */
export interface StoreUrl {
  /** Hosts of one database, in the order in which they are tried; one at least. */
  hosts: readonly StoreHost[];
  /** The URL with the first host alone. */
  url: URL;
}

/**
 * Takes a store's URL apart: unlike others it may name several hosts,
 * `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE`.
 *
 * @throws {TypeError} where it isn't one
 */
export function parseStoreUrl(text: string): StoreUrl {
  const [, scheme, user = "", list = "", rest] = SHAPE.exec(text) ?? [];
  const hosts = list.split(",");
  return {
    hosts: hosts.map((host) => {
      const { hostname, port } = new URL(`${scheme}${host}`);
      if (hostname === "") throw new TypeError("Expected a host's name");
      return {
        hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
        port: port === "" ? undefined : Number(port),
      };
    }),
    url: new URL(`${scheme}${user}${hosts[0]}${rest}`),
  };
}

/** A host as people write it. */
export function hostName({ hostname, port }: StoreHost): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return port === undefined ? host : `${host}:${port}`;
}

/**
 * A store's URL as people may see it: without what gives access to it.
 *
 * @param text `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, maybe with several hosts
 */
export function storeName(text: string): string {
  const { hosts, url } = parseStoreUrl(text);
  return `${hosts.map(hostName)}${url.pathname}`;
}
