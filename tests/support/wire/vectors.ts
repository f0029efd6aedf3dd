/**
 * The files of `kit/vectors/`, as tests read them.
 *
 * @module
 */

import { decodeHex } from "@std/encoding";
import type {
  VectorFile,
  VectorKind,
  VectorKinds,
} from "../../../lab/vectors/vector.ts";
import { ROOT } from "../../../lab/harness/program.ts";

/** Reads a file, by its name in `kit/vectors/`. */
export async function readVectorFile<K extends VectorKind>(
  kind: K,
): Promise<VectorFile<K>> {
  return JSON.parse(await Deno.readTextFile(`${ROOT}kit/vectors/${kind}.json`));
}

/**
 * The cases of a file.
 *
 * @throws {Error} where there are none: then nothing would be tested
 */
export async function readVectors<K extends VectorKind>(
  kind: K,
): Promise<readonly VectorKinds[K][]> {
  const { cases } = await readVectorFile(kind);
  if (cases.length === 0) throw new Error(`Expected cases in ${kind}.json`);
  return cases;
}

/** A value with its bytes as hex, as vectors have them. */
export function inHex(value: unknown): unknown {
  return JSON.parse(JSON.stringify(
    value,
    (_, part) => part instanceof Uint8Array ? part.toHex() : part,
  ));
}

/** Bytes of a case. */
export const bytesOf = (
  { bytes }: { bytes: string },
): Uint8Array<ArrayBuffer> => decodeHex(bytes) as Uint8Array<ArrayBuffer>;
