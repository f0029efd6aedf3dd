/** Who owns files, for tests that root runs. */

/** Whether this process may give files to others. */
export async function mayChangeOwners(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "write" });
  if (Deno.build.os === "windows" || state !== "granted") return false;
  const path = await Deno.makeTempFile();
  try {
    await Deno.chown(path, 12345, 12345);
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(path);
  }
}

/** The owners of all that is in a folder, each once. */
export async function ownersIn(dir: string): Promise<(number | null)[]> {
  const owners = new Set<number | null>();
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    owners.add((await Deno.stat(path)).uid);
    if (isDirectory) {
      for (const uid of await ownersIn(path)) owners.add(uid);
    }
  }
  return [...owners];
}
