/** Yields the path and the text of each TypeScript file below a folder, for tests of the sources. */

import { ROOT } from "../../lab/harness/program.ts";

/** @param folder path below the project's folder; so are the paths that come out */
export async function* sourcesIn(
  folder: string,
): AsyncGenerator<[path: string, source: string]> {
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sourcesIn(path);
    else if (/\.tsx?$/.test(name)) {
      yield [path, await Deno.readTextFile(`${ROOT}${path}`)];
    }
  }
}
