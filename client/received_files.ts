import { reasonOf } from "../shared/reason.ts";
import { writeDown } from "./durable_files.ts";
import { UserError } from "./errors.ts";

/**
 * Saves a received file in the temporary directory, readable for its owner
 * only and under a new name: nothing from the wire is part of it.
 *
 * @returns the file's full path
 * @throws {UserError} where it can't be saved; nothing of it is left then
 */
export async function saveReceivedFile(bytes: Uint8Array): Promise<string> {
  let path: string | undefined;
  try {
    // The runtime makes it exclusively and with mode 0600.
    path = await Deno.makeTempFile({ prefix: "messageu-" });
    using file = await Deno.open(path, { write: true });
    await writeDown(file, bytes);
    return path;
  } catch (cause) {
    if (path !== undefined) await Deno.remove(path).catch(() => {});
    const reason = reasonOf(cause);
    throw new UserError(
      `Can't save a received file: ${reason}`,
      "It is kept: pull again once there is room in the temporary directory",
      { cause },
    );
  }
}
