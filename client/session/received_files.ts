import { DecryptError } from "../../shared/crypto/crypto.ts";
import type { Pieces } from "../../shared/crypto/pieces.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UserError } from "../errors.ts";
import { writeAll } from "../../shared/cli/write_all.ts";

/**
 * Saves a received file in the temporary directory, readable for its owner
 * only and under a new name: nothing from the wire is part of it. It is written
 * as its pieces come, and down on the disk before this resolves.
 *
 * @returns the file's full path and its bytes
 * @throws {UserError} where it can't be saved; nothing of it is left then
 * @throws {DecryptError} where the pieces do; the same
 */
export async function saveReceivedFile(
  pieces: Pieces,
): Promise<{ path: string; size: number }> {
  let path: string | undefined;
  let size = 0;
  try {
    // The runtime makes it exclusively and with mode 0600.
    path = await Deno.makeTempFile({ prefix: "messageu-" });
    using file = await Deno.open(path, { write: true });
    for await (const piece of pieces) {
      await writeAll(file, piece);
      size += piece.length;
    }
    await file.sync();
    return { path, size };
  } catch (cause) {
    if (path !== undefined) await Deno.remove(path).catch(() => {});
    if (cause instanceof DecryptError) throw cause;
    const reason = reasonOf(cause);
    throw new UserError(
      `Can't save a received file: ${reason}`,
      "It is kept: pull again once there is room in the temporary directory",
      { cause },
    );
  }
}
