/** Deno for Windows, in a folder that is kept from run to run. */

import { fileURLToPath } from "node:url";
import { Program } from "../harness/program.ts";
import { COMPILER } from "./packages.ts";

const SOURCE = fileURLToPath(new URL("./bcryptprimitives.c", import.meta.url));

/**
 * Downloads `deno.exe` of this program's version, unless it is there, and makes
 * the library that it needs under Wine.
 *
 * @returns its path
 * @throws {Error} if it can't be had
 */
export async function getDenoExe(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/package.json`,
    JSON.stringify({ dependencies: { "@deno/win32-x64": Deno.version.deno } }),
  );
  const install = ["install", "--quiet", "--node-modules-dir=auto"];
  await Program.deno(install, folder).succeed();
  const beside = await Deno.realPath(`${folder}/node_modules/@deno/win32-x64`);
  await Program.run(COMPILER, [
    ...["-shared", "-O2", "-o", `${beside}/bcryptprimitives.dll`],
    ...[SOURCE, "-ladvapi32"],
  ]).succeed();
  return `${beside}/deno.exe`;
}
