import { SEND_OVERHEAD } from "../shared/protocol.ts";
import { reasonOf } from "../shared/reason.ts";
import { UserError } from "./errors.ts";

/** Bytes of the largest file: its ciphertext and what stands before it have 4 bytes of size. */
const MAX_FILE_SIZE = 0xffffffff - SEND_OVERHEAD - 16;

/**
 * Reads a file that is to be sent.
 *
 * @throws {UserError} where it isn't there, is no regular file or is too large
 */
export async function readOutgoingFile(
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // A pipe or a device might never end.
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new UserError(`${path} is not a regular file`);
    if (size > MAX_FILE_SIZE) {
      throw new UserError(
        `${path} has ${size} bytes; a message holds ${MAX_FILE_SIZE} at most`,
      );
    }
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (
      cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory
    ) {
      throw new UserError("file not found", undefined, { cause });
    }
    const reason = reasonOf(cause);
    throw new UserError(`Can't read the file: ${reason}`, undefined, { cause });
  }
}
