import { statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";

/** Free space in bytes on the disk of a folder; undefined without permission. */
export async function freeSpace(path: string): Promise<number | undefined> {
  if (!mayAsk()) return undefined;
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Free space in bytes on the disk of a file or folder; undefined without permission. */
export function freeSpaceSync(path: string): number | undefined {
  if (!mayAsk()) return undefined;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function mayAsk(): boolean {
  const statfs = { name: "sys", kind: "statfs" } as const;
  return Deno.permissions.querySync(statfs).state === "granted";
}
