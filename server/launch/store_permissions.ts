/**
 * What the launchers give a program to use a store.
 *
 * @module
 */

import { isIP } from "node:net";
import {
  type Address,
  formatAddress,
} from "../../shared/folder/info_server.ts";
import { STORE_VARIABLE, type StoreAddress } from "../store/store_kind.ts";
import { kindOf } from "../store/store_kinds.ts";

/** Milliseconds that a name is looked up for. */
const TIMEOUT = 2000;

// The launcher may not ask for addresses itself: a program of its own does.
const LOOK_UP = `import { lookup } from "node:dns/promises";
const found = await lookup(Deno.args[0], { all: true });
console.log(found.map(({ address }) => address).join("\\n"));`;

/** Permissions for a store, as the runtime's flags list them. */
export interface NamedPermissions {
  /** Folders that are read and written. */
  folders: readonly string[];
  /** Files that are read besides. */
  files: readonly string[];
  /** Addresses that are connected to, each as `HOST:PORT`. */
  net: readonly string[];
  /** Variables of the environment that are read. */
  env: readonly string[];
}

/** The permissions that a store at an address takes. */
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

/** Addresses of hosts whose names have several: the runtime wants each by itself. */
async function furtherAddresses(hosts: readonly Address[]): Promise<Address[]> {
  const found = await Promise.all(hosts.map(async ({ hostname, port }) => {
    const addresses = isIP(hostname) === 0 ? await lookUp(hostname) : [];
    return addresses.map((hostname) => ({ hostname, port }));
  }));
  return found.filter(({ length }) => length > 1).flat();
}

/** None where it can't be looked up: the relay tells why it can't connect. */
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
