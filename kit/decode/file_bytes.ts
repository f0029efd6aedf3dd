import { formatBytes } from "../../server/telemetry/figures.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { GrowingBytes } from "../dissect/growing_bytes.ts";

/** Bytes of the largest file that is read. */
const MOST_BYTES = 1024 ** 3;

/**
 * All bytes of a file, or of standard input for `-`.
 *
 * @param most how many they may be; default: 1 GiB
 * @throws {Error} where it can't be read, or has more: some files have no end
 */
export async function fileBytes(
  file: string,
  most: number = MOST_BYTES,
): Promise<Uint8Array> {
  try {
    const { readable } = file === "-" ? Deno.stdin : await Deno.open(file);
    const bytes = new GrowingBytes();
    for await (const chunk of readable) {
      bytes.push(chunk);
      if (bytes.size > most) {
        throw new Error(
          `it has more than ${
            formatBytes(most)
          }; editcap -c cuts a capture into smaller ones`,
        );
      }
    }
    return bytes.view;
  } catch (cause) {
    throw new Error(`Can't read ${file}: ${reasonOf(cause)}`, { cause });
  }
}
