/**
 * Tries whether as many files can be open at once as are needed: a system's
 * limit is nothing that a program may read here, but it shows.
 *
 * @param dir a folder to open files in
 * @throws {Error} where fewer can be
 */
export function checkOpenFiles(needed: number, dir: string): void {
  const path = `${dir}/open`;
  const files: Deno.FsFile[] = [Deno.createSync(path)];
  try {
    while (files.length < needed) files.push(Deno.openSync(path));
  } catch (cause) {
    throw new Error(
      `Expected ${needed} files that can be open at once, got ${files.length}: raise the limit with ulimit -n`,
      { cause },
    );
  } finally {
    for (const file of files) file.close();
    Deno.removeSync(path);
  }
}
