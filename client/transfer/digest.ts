import { createHash } from "node:crypto";
import type { BindValue } from "@db/sqlite";

/** The SHA-256 of all that an archive holds, in the order in which it is told. */
export class Digest {
  readonly #hash = createHash("sha256");

  /** Takes in values, which differ from the same ones split otherwise. */
  add(values: readonly BindValue[]): void {
    this.#hash.update(`${JSON.stringify(values.map(plain))}\n`);
  }

  /** Its 32 bytes; nothing can be taken in any more. */
  end(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }
}

/** Bytes are told from the text that shows them. */
function plain(value: BindValue): unknown {
  if (value instanceof Uint8Array) return [value.toHex()];
  return typeof value === "bigint" ? Number(value) : value;
}
