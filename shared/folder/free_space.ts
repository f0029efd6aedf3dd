import { statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";

/** How many bytes are free in a folder; undefined where nothing tells. */
export async function freeSpace(path: string): Promise<number | undefined> {
  if (!mayAsk()) return undefined;
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** How many bytes are free on the disk of a file or folder; undefined where nothing tells. */
export function freeSpaceSync(path: string): number | undefined {
  if (!mayAsk()) return undefined;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function mayAsk(): boolean {
  const leave = { name: "sys", kind: "statfs" } as const;
  return Deno.permissions.querySync(leave).state === "granted";
}
