/** The programs that run Windows programs here, and where they come from. */

import { hasCode } from "../../shared/platform/system_error.ts";
import { Program } from "../harness/program.ts";

/** Makes the library that stands beside `deno.exe`. */
export const COMPILER = "x86_64-w64-mingw32-gcc";

/** The programs, and the packages of Debian and Ubuntu that hold them. */
const programs = ["wine", "wineserver", COMPILER];
const INSTALL = [
  ...["install", "--no-install-recommends"],
  ...["wine", "wine64", "gcc-mingw-w64-x86-64"],
];

/**
 * Installs the programs if they are missing and root runs this.
 *
 * @returns which are missing still, and what to do; undefined if none is
 */
export async function installMissing(): Promise<string | undefined> {
  if ((await missing()).length > 0 && Deno.uid() === 0) await install();
  const names = await missing();
  return names.length === 0
    ? undefined
    : `${names.join(" and ")} can't be found; on Debian and Ubuntu: apt-get ${
      INSTALL.join(" ")
    }`;
}

async function missing(): Promise<string[]> {
  const found = await Promise.all(programs.map(isThere));
  return programs.filter((_, i) => !found[i]);
}

async function install(): Promise<void> {
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  if (!await isThere("apt-get")) return;
  // What fails is missing afterwards.
  await Program.run("apt-get", ["-qq", "update"]).end();
  await Program.run("apt-get", ["-qq", "-y", ...INSTALL], "/", quiet).end();
}

async function isThere(program: string): Promise<boolean> {
  try {
    await Program.run(program, ["--version"]).end();
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
