import { statfs } from "node:fs/promises";

/** How many bytes are free in a folder; undefined where nothing tells. */
export async function freeSpace(path: string): Promise<number | undefined> {
  const leave = { name: "sys", kind: "statfs" } as const;
  if (Deno.permissions.querySync(leave).state !== "granted") return undefined;
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
