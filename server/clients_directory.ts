/**
 * The list of all clients as it stands on the wire, encoded once and kept, so
 * that a 2101 costs no more than sending it.
 *
 * @module
 */

import { LISTED_CLIENT_SIZE, listedClients } from "../shared/responses.ts";
import type { ListedClient, Store } from "./store/store.ts";

/** Clients of one page. */
const PAGE_CLIENTS = 2048;
/** Bytes of pages that are kept; those behind are read again for each answer. */
const MOST_KEPT = 64 * 1024 * 1024;

/** Some clients that stand one behind the other. */
interface Page {
  /** Their positions, rising. */
  positions: readonly number[];
  /** Their entries, or undefined where there are too many pages to keep. */
  bytes: Uint8Array | undefined;
}

/** A list as an answer's payload. */
export interface Listing {
  /** Bytes of the payload. */
  size: number;
  /** The payload, piece by piece. */
  pieces: AsyncIterable<Uint8Array>;
}

/** All clients, encoded. */
export class ClientsDirectory {
  readonly #store: Store;
  /** All are full but the last. A page that grows is a new one. */
  readonly #pages: Page[] = [];
  #kept = 0;
  #updating: Promise<void> = Promise.resolve();

  /** Nothing is read before the first list. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** Everybody but the client at a position. */
  async listBut(position: number): Promise<Listing> {
    // Each waits for a look of its own: an earlier one may have missed somebody.
    const updated = this.#updating.then(() => this.#update());
    this.#updating = updated.catch(() => {});
    await updated;
    const pages = this.#pages.slice();
    let size = 0;
    for (const { positions } of pages) {
      size += positions.length * LISTED_CLIENT_SIZE;
      if (indexIn(positions, position) >= 0) size -= LISTED_CLIENT_SIZE;
    }
    return { size, pieces: this.#pieces(pages, position) };
  }

  async *#pieces(
    pages: readonly Page[],
    position: number,
  ): AsyncGenerator<Uint8Array> {
    for (const { positions, bytes: kept } of pages) {
      const bytes = kept ?? await this.#read(positions);
      const index = indexIn(positions, position);
      if (index < 0) {
        yield bytes;
        continue;
      }
      yield bytes.subarray(0, index * LISTED_CLIENT_SIZE);
      yield bytes.subarray((index + 1) * LISTED_CLIENT_SIZE);
    }
  }

  async #update(): Promise<void> {
    for (;;) {
      const last = this.#pages.at(-1);
      const open = last && last.positions.length < PAGE_CLIENTS ? last : EMPTY;
      const found = await this.#store.clients(
        last?.positions.at(-1) ?? 0,
        PAGE_CLIENTS - open.positions.length,
      );
      if (found.length === 0) return;
      const bytes = new Uint8Array(
        (open.positions.length + found.length) * LISTED_CLIENT_SIZE,
      );
      const before = open === EMPTY
        ? NOTHING
        : open.bytes ?? await this.#read(open.positions);
      bytes.set(before);
      bytes.set(encode(found), before.length);
      if (open !== EMPTY) this.#pages.pop();
      this.#kept += bytes.length - (open.bytes?.length ?? 0);
      const keep = this.#kept <= MOST_KEPT;
      if (!keep) this.#kept -= bytes.length;
      this.#pages.push({
        positions: [
          ...open.positions,
          ...found.map(({ position }) => position),
        ],
        bytes: keep ? bytes : undefined,
      });
    }
  }

  /** @throws {Error} where somebody of the page is gone: its size was promised */
  async #read(positions: readonly number[]): Promise<Uint8Array> {
    const found = await this.#store.clients(
      (positions[0] ?? 1) - 1,
      positions.length,
    );
    if (found.at(-1)?.position !== positions.at(-1)) {
      throw new Error("The list of clients changed while it was sent");
    }
    return encode(found);
  }
}

const NOTHING = new Uint8Array(0);
const EMPTY: Page = { positions: [], bytes: NOTHING };

function encode(clients: readonly ListedClient[]): Uint8Array {
  return listedClients.encode(
    clients.map(({ id, name }) => ({ clientId: id, name })),
  );
}

/** Where a number stands among rising ones, or -1. */
function indexIn(rising: readonly number[], number: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = rising[middle] ?? 0;
    if (found === number) return middle;
    if (found < number) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
