/**
 * A store's URL as people may see it: without what gives access to it.
 *
 * @param url `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
 */
export function storeName(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  const at = port === "" ? hostname : `${hostname}:${port}`;
  return `${at}${pathname}`;
}
