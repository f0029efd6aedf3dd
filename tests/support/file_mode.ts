/** Who may use a file. */

import { assertEquals } from "@std/assert";
import { thisPlatform } from "../../shared/platform/platform.ts";

/** Asserts the mode of a file or a folder, on a system with modes. */
export async function assertMode(path: string, mode: number): Promise<void> {
  if (!thisPlatform.hasModes) return;
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, mode, path);
}
