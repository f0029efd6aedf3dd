import { resolve } from "node:path";
import { isIP } from "node:net";
import { UsageError } from "../../shared/cli/program.ts";
import { type Address, formatAddress } from "../../shared/folder/info_files.ts";
import {
  STORE_VARIABLE,
  type StoreAddress,
  type StorePermissions,
} from "../store/store_kind.ts";
import { kindOf } from "../store/store_kinds.ts";

/** Milliseconds before a name lookup is abandoned. */
const TIMEOUT = 2000;

// The launcher lacks the permission for lookups; a child process does them.
const LOOK_UP = `import { lookup } from "node:dns/promises";
const found = await lookup(Deno.args[0], { all: true });
console.log(found.map(({ address }) => address).join("\\n"));`;

/**
 * The runtime's flags for a program that uses a store.
 *
 * @param own its other permissions, with the environment variables that it
 * reads and its value of `--allow-sys`
 * @throws {UsageError} if a path contains a comma
 */
export async function permissionFlags(
  store: StoreAddress,
  own: StorePermissions & { environment?: readonly string[]; sys: string },
): Promise<string[]> {
  const { environment = [], permissions } = kindOf(store);
  const { folders = [], files = [], hosts = [] } = await permissions(store);
  const isVariableRead = environment.length > 0 || store.fromEnvironment;
  const write = await withTheirTargets([...own.folders ?? [], ...folders]);
  const read = [...write, ...own.files ?? [], ...files];
  const net = [
    ...own.hosts ?? [],
    ...hosts,
    ...await furtherAddresses(hosts),
  ];
  // The runtime splits its list of paths at commas.
  const split = read.find((path) => path.includes(","));
  if (split !== undefined) {
    throw new UsageError(`The path ${split} holds a comma: take another one`);
  }
  const flags = {
    read,
    write,
    net: [...new Set(net.map(formatAddress))],
    env: [
      ...isVariableRead ? [STORE_VARIABLE, ...environment] : [],
      ...own.environment ?? [],
    ],
    sys: [own.sys],
  };
  // The runtime refuses an empty list.
  return Object.entries(flags).filter(([, { length }]) => length > 0)
    .map(([name, values]) => `--allow-${name}=${values}`);
}

/** Absolute paths of folders, and of their targets if they are links. */
async function withTheirTargets(folders: readonly string[]): Promise<string[]> {
  const targets = await Promise.all(
    // The relay reports a missing folder.
    folders.map((folder) => Deno.realPath(folder).catch(() => folder)),
  );
  return [
    ...new Set([...folders, ...targets].map((folder) => resolve(folder))),
  ];
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
