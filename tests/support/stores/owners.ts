/** Who owns files, for tests that root runs. */

/** Why a test is skipped that gives files to others, if it is. */
export async function withoutOwners(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({ name: "write" });
  // Without the permission it is skipped for that.
  if (state !== "granted") return undefined;
  const path = await Deno.makeTempFile();
  try {
    await Deno.chown(path, 12345, 12345);
    return undefined;
  } catch {
    return "needs root";
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
