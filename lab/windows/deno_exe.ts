/** Deno for Windows, in a folder that is kept from run to run. */

import { fileURLToPath } from "node:url";
import { Program } from "../harness/program.ts";
import { COMPILER } from "./packages.ts";

const SOURCE = fileURLToPath(new URL("./bcryptprimitives.c", import.meta.url));

/**
 * Downloads `deno.exe` of this program's version, unless it is there, and makes
 * the library that it needs under wine.
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
  await succeed(
    Program.deno(["install", "--quiet", "--node-modules-dir=auto"], folder),
  );
  const beside = await Deno.realPath(`${folder}/node_modules/@deno/win32-x64`);
  await succeed(Program.run(COMPILER, [
    ...["-shared", "-O2", "-o", `${beside}/bcryptprimitives.dll`],
    ...[SOURCE, "-ladvapi32"],
  ]));
  return `${beside}/deno.exe`;
}

async function succeed(program: Program): Promise<void> {
  const { code, stderr } = await program.end();
  if (code !== 0) throw new Error(stderr.trim());
}
