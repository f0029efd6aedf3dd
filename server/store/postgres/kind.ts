import type { StoreAddress, StoreKind } from "../store_kind.ts";
import {
  DEFAULT_PORT,
  parseStoreUrl,
  storeName,
} from "./connection/store_url.ts";

/** Parameters of a URL that are paths of files. */
const FILE_PARAMETERS = ["sslrootcert", "sslcert", "sslkey"];

const FORM = "postgres://USER:PASSWORD@HOST:PORT/DATABASE";

/** The URL that an address is. */
export function urlOf({ scheme, rest }: StoreAddress): string {
  return `${scheme}:${rest}`;
}

/** Stores in a PostgreSQL database; an address is its URL. */
export const postgres: StoreKind = {
  schemes: ["postgres", "postgresql"],
  help: `${FORM} for a\nPostgreSQL database, which relays may share`,
  form: `${FORM}, where %2F stands for a / and %40 for an @ in a password`,
  name(address) {
    const { pathname, search, hash } = parseStoreUrl(urlOf(address)).url;
    // A password with a / in it would end the host's name.
    if (`${pathname}${search}${hash}`.includes("@")) {
      throw new TypeError("Expected no @ behind the host");
    }
    return storeName(urlOf(address));
  },
  async open(address, { notice }) {
    const { openPostgresStore } = await import("./postgres.ts");
    return await openPostgresStore(urlOf(address), notice);
  },
  // deno-lint-ignore require-await -- other kinds look at the disk
  async permissions(address) {
    const { hosts, url: { searchParams } } = parseStoreUrl(urlOf(address));
    const { file } = address;
    return {
      files: [
        ...file === undefined ? [] : [file],
        ...FILE_PARAMETERS.flatMap((name) => searchParams.getAll(name)),
      ],
      hosts: hosts.map(({ hostname, port = DEFAULT_PORT }) => ({
        hostname,
        port,
      })),
    };
  },
  // What the client of a database reads.
  environment: ["PG*", "USER", "NODE_PG_FORCE_NATIVE"],
  sharedByRelays: true,
  async doctor(address, _limits, tell) {
    const { checkDatabase } = await import("./doctor/database_check.ts");
    return await checkDatabase(urlOf(address), tell);
  },
  async admin() {
    return (await import("./maintenance/postgres_admin_store.ts"))
      .postgresAdmin;
  },
  contract: { outlivesClose: true, newIn: () => undefined },
};
