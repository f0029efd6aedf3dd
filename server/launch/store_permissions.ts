import { isIP } from "node:net";
import {
  type Address,
  formatAddress,
} from "../../shared/folder/info_server.ts";
import { STORE_VARIABLE, type StoreAddress } from "../store/store_kind.ts";
import { kindOf } from "../store/store_kinds.ts";

/** Milliseconds before a name lookup is abandoned. */
const TIMEOUT = 2000;

// The launcher lacks the permission for lookups; a child process does them.
const LOOK_UP = `import { lookup } from "node:dns/promises";
const found = await lookup(Deno.args[0], { all: true });
console.log(found.map(({ address }) => address).join("\\n"));`;

/** Permissions for a store, as values of the runtime's flags. */
export interface NamedPermissions {
  /** Folders to read and write. */
  folders: readonly string[];
  /** Further files to read. */
  files: readonly string[];
  /** Addresses to connect to, each as `HOST:PORT`. */
  net: readonly string[];
  /** Environment variables to read. */
  env: readonly string[];
}

/** The permissions that a store needs. */
export async function permissionsOf(
  store: StoreAddress,
): Promise<NamedPermissions> {
  const { environment = [], permissions } = kindOf(store);
  const { folders = [], files = [], hosts = [] } = await permissions(store);
  const isVariableRead = environment.length > 0 || store.fromEnvironment;
  return {
    folders,
    files,
    net: [...hosts, ...await furtherAddresses(hosts)].map(formatAddress),
    env: isVariableRead ? [STORE_VARIABLE, ...environment] : [],
  };
}

/** IP addresses of host names that have several; the runtime requires each of them. */
async function furtherAddresses(hosts: readonly Address[]): Promise<Address[]> {
  const found = await Promise.all(hosts.map(async ({ hostname, port }) => {
    const addresses = isIP(hostname) === 0 ? await lookUp(hostname) : [];
    return addresses.map((hostname) => ({ hostname, port }));
  }));
  return found.filter(({ length }) => length > 1).flat();
}

/** Looks a name up; returns no addresses on failure, which the relay reports. */
async function lookUp(name: string): Promise<string[]> {
  try {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", LOOK_UP, name],
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(TIMEOUT),
    }).output();
    const lines = new TextDecoder().decode(stdout).split("\n");
    return [...new Set(lines.filter((line) => line !== ""))];
  } catch {
    return [];
  }
}
