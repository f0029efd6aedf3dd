/**
 * Where a store's hosts can be reached. The runtime wants each address by
 * itself where a name has several, and the launcher may not ask for them: a
 * program of its own does.
 *
 * @module
 */

import { isIP } from "node:net";
import { storeAddresses } from "../../store_flags.ts";
import { hostName, parseStoreUrl } from "./store_url.ts";

/** Milliseconds that a name is looked up for. */
const TIMEOUT = 2000;

const LOOK_UP = `import { lookup } from "node:dns/promises";
const found = await lookup(Deno.args[0], { all: true });
console.log(found.map(({ address }) => address).join("\\n"));`;

/** The hosts of a database's URL, and the addresses of those whose names have several. */
export async function databaseAddresses(url: string): Promise<string[]> {
  const ports = storeAddresses(url).map((text) => text.split(":").at(-1));
  const found = await Promise.all(
    parseStoreUrl(url).hosts.map(async ({ hostname }, i) => {
      const addresses = isIP(hostname) === 0 ? await lookUp(hostname) : [];
      return addresses.map((hostname) =>
        hostName({ hostname, port: Number(ports[i]) })
      );
    }),
  );
  return [
    ...storeAddresses(url),
    ...found.filter(({ length }) => length > 1).flat(),
  ];
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
