import { printableLine } from "../../shared/cli/printable.ts";
import { decodeListedName } from "../../shared/wire/field_types.ts";
import type { Form } from "./form.ts";
import type { Piece } from "./walk.ts";

/** Largest number of names kept. */
const MOST_NAMES = 100_000;
/** A name that is told from the text around it (NAM-8). */
const PLAIN = /^[\w.-]+$/;

/** Names of clients by their ids, as the responses of a relay tell them. */
export class Names {
  readonly #byId = new Map<string, string>();

  /**
   * Records the names in a frame: those of a list, of a registration, and of
   * records with their devices.
   *
   * @param registered bytes of the name that the frame's request registers
   */
  learn(
    pieces: readonly Piece[],
    { direction, kind, secure }: Pick<Form, "direction" | "kind" | "secure">,
    registered: Uint8Array | undefined,
  ): void {
    if (secure !== undefined) return this.#learnRecords(pieces);
    if (direction === "request") return;
    for (const piece of pieces) {
      const { field, record } = piece;
      if (field === "name") {
        this.#set(record.get("clientId"), piece.bytes, piece.missing);
      } else if (kind === "register" && registered !== undefined) {
        if (field === "clientId") this.#set(piece, registered, piece.missing);
      }
    }
  }

  #learnRecords(pieces: readonly Piece[]): void {
    let name: Piece | undefined;
    for (const piece of pieces) {
      const { field, record } = piece;
      const isRecord = field === "name" && record.has("identity");
      if (isRecord) name = piece;
      const id = isRecord ? record.get("account") : piece;
      if (name === undefined || !isRecord && field !== "id") continue;
      this.#set(id, name.bytes, name.missing + piece.missing);
    }
  }

  #set(id: Piece | undefined, name: Uint8Array, missing: number): void {
    if (id === undefined || missing > 0) return;
    const key = id.bytes.toHex();
    if (this.#byId.size >= MOST_NAMES && !this.#byId.has(key)) return;
    this.#byId.set(key, plainName(name));
  }

  /** The name of a client, safe for a terminal; undefined if it is unknown. */
  get(id: Uint8Array): string | undefined {
    return this.#byId.get(id.toHex());
  }
}

/** Formats a name's bytes; in quotation marks if it isn't one word. */
export function plainName(bytes: Uint8Array): string {
  const name = printableLine(decodeListedName(bytes));
  return PLAIN.test(name) ? name : JSON.stringify(name);
}
