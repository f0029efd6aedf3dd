/** A disk of a few MiB, which only root may mount. */

import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { lacking } from "../test_with.ts";

/** A folder on a disk of its own. */
export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Has another program take all room that is left. */
  fill(): Promise<void>;
  /** Removes what that took. */
  free(): Promise<void>;
  /** Has nothing written on it any more. */
  protect(): Promise<void>;
}

/** Makes a disk of so many MiB. */
export async function smallDisk(mib: number): Promise<SmallDisk> {
  const folder = await temporaryFolder();
  await shell(`mount -t tmpfs -o size=${mib}m tmpfs "$0"`, folder.path);
  return {
    path: folder.path,
    async fill() {
      await shell(
        `dd if=/dev/zero of="$0" bs=4k || true`,
        `${folder.path}/fill`,
      );
    },
    free: () => Deno.remove(`${folder.path}/fill`),
    protect: () => shell(`mount -o remount,ro "$0"`, folder.path),
    async [Symbol.asyncDispose]() {
      // A program that was killed may hold it for a moment.
      await shell(`umount -l "$0"`, folder.path);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Why there can be no such disk here; undefined where there can. */
export async function noSmallDisk(): Promise<string | undefined> {
  const missing = lacking("Unix shell");
  if (missing !== undefined) return missing;
  const run = { name: "run", command: "sh" } as const;
  const { state } = await Deno.permissions.query(run);
  if (state !== "granted") return "needs --allow-run";
  const trial = `at=$(mktemp -d) && mount -t tmpfs tmpfs "$at" &&
    umount "$at"; done=$?; rmdir "$at"; exit $done`;
  await using program = Program.run("sh", ["-c", trial]);
  const { code } = await program.end();
  return code === 0 ? undefined : "needs root, who may mount";
}

async function shell(script: string, path: string): Promise<void> {
  await using program = Program.run("sh", ["-c", script, path]);
  const { code, stderr } = await program.end();
  if (code !== 0) throw new Error(stderr);
}
