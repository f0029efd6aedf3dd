/**
 * What a store's URL says about connections, read once: a relay drops its
 * permission to read files and connects again later.
 *
 * @module
 */

// @ts-types="./pg.d.ts"
import type { PoolConfig } from "pg";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { StoreError } from "../../store.ts";
import { parseStoreUrl, type StoreHost } from "./store_url.ts";

/** Where a database is, and how it is connected to; the client's defaults where undefined. */
export interface ConnectionConfig extends
  Pick<
    PoolConfig,
    "user" | "password" | "database" | "ssl" | "options"
  > {
  /** Hosts of one database, in the order in which they are tried. */
  hosts: readonly StoreHost[];
  /** Whether a server that takes no writes will do. */
  mayBeStandby: boolean;
}

/** The ways to connect that a URL may ask for. */
const SSL_MODES = [
  "disable",
  "no-verify",
  "require",
  "verify-ca",
  "verify-full",
];

/** The parameters that a URL may have. */
const PARAMETERS = [
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "options",
  "target_session_attrs",
];

/** What a server may be asked to be: one that takes writes, or any. */
const SESSION_ATTRIBUTES = ["read-write", "primary", "any"];

/**
 * Reads a URL, and the files that it names.
 *
 * @throws {StoreError} where something in it can't be obeyed
 */
export function readConnectionConfig(url: string): ConnectionConfig {
  const { hosts, url: { username, password, pathname, searchParams } } =
    parseStoreUrl(url);
  for (const name of searchParams.keys()) {
    if (PARAMETERS.includes(name)) continue;
    throw new StoreError(
      `its URL has the parameter ${name}: expected one of ${
        PARAMETERS.join(", ")
      }`,
    );
  }
  const given = (text: string) => decodeURIComponent(text) || undefined;
  const target = searchParams.get("target_session_attrs") ?? "read-write";
  requireOneOf("target_session_attrs", target, SESSION_ATTRIBUTES);
  return {
    hosts,
    mayBeStandby: target === "any",
    user: given(username),
    // Never none at all: the client would look for a file of passwords then.
    password: () => given(password) ?? Deno.env.get("PGPASSWORD") ?? "",
    database: given(pathname.slice(1)),
    ssl: readTls(searchParams),
    options: searchParams.get("options") ?? undefined,
  };
}

function readTls(parameters: URLSearchParams): PoolConfig["ssl"] {
  const file = (name: string) => {
    const path = parameters.get(name);
    try {
      return path === null ? undefined : Deno.readTextFileSync(path);
    } catch (cause) {
      throw new StoreError(`${name} ${path}: ${reasonOf(cause)}`, { cause });
    }
  };
  const files = {
    ca: file("sslrootcert"),
    cert: file("sslcert"),
    key: file("sslkey"),
  };
  const named = Object.values(files).some((text) => text !== undefined);
  const mode = parameters.get("sslmode") ?? (named ? "verify-full" : "disable");
  requireOneOf("sslmode", mode, SSL_MODES);
  if (mode === "disable") return false;
  return { ...files, rejectUnauthorized: mode !== "no-verify" };
}

function requireOneOf(
  name: string,
  value: string,
  values: readonly string[],
): void {
  if (values.includes(value)) return;
  throw new StoreError(
    `its URL has ${name} ${value}: expected one of ${values.join(", ")}`,
  );
}
