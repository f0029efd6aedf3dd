import { concat } from "@std/bytes";
import { LISTED_CLIENT_SIZE } from "../../shared/wire/protocol.ts";
import { responseCodecs } from "../../shared/wire/requests.ts";
import type { Pieces, ResponsePiece } from "./response.ts";
import type { ListedClient, Store } from "../store/store.ts";

/** How a {@linkcode ClientsDirectory} keeps the list. */
export interface DirectorySizes {
  /** Clients of one page, whose entries mostly go out in one piece. */
  page: number;
  /** Pages that are kept; later ones are read again for each response. */
  kept: number;
  /** Clients that are read at a time, while everything else waits. */
  read: number;
}

/** Bytes of a piece of a page that is kept: the system takes some time for more. */
const PIECE = 1024 * 1024;

/** 4.4 MB a page, 64 MiB of them. */
const defaultSizes: DirectorySizes = { page: 16_384, kept: 15, read: 2048 };

/** Some clients that stand one behind the other. */
interface Page {
  /** Their positions, rising. Where the page isn't full there will be more. */
  positions: number[];
  /** Their entries with room for those to come, or undefined where too many pages are kept. */
  bytes: Uint8Array | undefined;
}

/** All clients as of one moment. */
interface Look {
  readonly pages: readonly Page[];
  /** How many clients of each page were there. */
  readonly counts: readonly number[];
  readonly unsettled: readonly ListedClient[];
}

/**
 * The list of all clients as it stands on the wire, encoded once and kept, so
 * that a 2101 costs no more than sending it.
 */
export class ClientsDirectory {
  readonly #store: Store;
  readonly #sizes: DirectorySizes;
  /**
   * The settled clients. All pages are full but the last. When a user is deleted
   * the list is made anew.
   */
  #pages: Page[] = [];
  /** The version of the users when the pages were begun. */
  #usersVersion = 0;
  /** The look that is under way. */
  #updating: Promise<unknown> = Promise.resolve();
  /** The one behind it, which hasn't begun. */
  #next: Promise<Look> | undefined;

  constructor(store: Store, sizes: DirectorySizes = defaultSizes) {
    this.#store = store;
    this.#sizes = sizes;
  }

  /** All clients but the one at a position. */
  async listBut(position: number): Promise<Pieces> {
    const { pages, counts, unsettled: all } = await this.#updated();
    const unsettled = all.filter((client) => client.position !== position);
    const listed = pages.some(({ positions }, page) =>
      indexIn(positions, position, counts[page] ?? 0) >= 0
    );
    const count = counts.reduce((sum, count) => sum + count, 0);
    const size = (count - Number(listed) + unsettled.length) *
      LISTED_CLIENT_SIZE;
    return { size, pieces: this.#pieces(pages, counts, position, unsettled) };
  }

  /** A look that has begun may miss a client that has just registered: the next one is shared. */
  #updated(): Promise<Look> {
    this.#next ??= this.#updating.then(() => {
      const look = this.#look();
      this.#next = undefined;
      this.#updating = look.catch(() => {});
      return look;
    });
    return this.#next;
  }

  async #look(): Promise<Look> {
    const unsettled = await this.#update();
    const pages = this.#pages;
    // The last page may get longer while this goes out, and another list begin.
    const counts = pages.map(({ positions }) => positions.length);
    return { pages, counts, unsettled };
  }

  *#pieces(
    pages: readonly Page[],
    counts: readonly number[],
    position: number,
    unsettled: readonly ListedClient[],
  ): Generator<ResponsePiece> {
    for (const [page, count] of counts.entries()) {
      const { positions = [], bytes } = pages[page] ?? {};
      const requester = indexIn(positions, position, count);
      if (bytes !== undefined) {
        const entries = bytes.subarray(0, count * LISTED_CLIENT_SIZE);
        for (const part of without(entries, requester)) yield* cut(part);
        continue;
      }
      for (let from = 0; from < count; from += this.#sizes.read) {
        const to = Math.min(from + this.#sizes.read, count);
        const read = async () => {
          const entries = await this.#read(positions, from, to);
          const parts = [...without(entries, requester - from)];
          return parts.length === 1 && parts[0] ? parts[0] : concat(parts);
        };
        yield { memory: (to - from) * LISTED_CLIENT_SIZE, read };
      }
    }
    if (unsettled.length > 0) yield* cut(encode(unsettled));
  }

  /** Caches new clients, and returns those that aren't settled yet: they are read each time. */
  async #update(): Promise<ListedClient[]> {
    const { usersVersion } = this.#store;
    if (usersVersion !== this.#usersVersion) {
      this.#usersVersion = usersVersion;
      this.#pages = [];
    }
    const unsettled: ListedClient[] = [];
    let last = this.#pages.at(-1)?.positions.at(-1) ?? 0;
    for (;;) {
      const found = await this.#store.clients(last, this.#sizes.read);
      last = found.at(-1)?.position ?? last;
      if (found.length === 0) return unsettled;
      // Stops caching at the first unsettled client, or a later one could be skipped.
      const first = unsettled.length > 0
        ? 0
        : found.findIndex(({ settled }) => !settled);
      this.#append(first < 0 ? found : found.slice(0, first));
      if (first >= 0) unsettled.push(...found.slice(first));
      // Many more may follow: other requests come first.
      if (found.length === this.#sizes.read) await pause();
    }
  }

  #append(clients: readonly ListedClient[]): void {
    for (let at = 0; at < clients.length;) {
      const page = this.#openPage();
      const room = this.#sizes.page - page.positions.length;
      const some = clients.slice(at, at + room);
      page.bytes?.set(
        encode(some),
        page.positions.length * LISTED_CLIENT_SIZE,
      );
      page.positions.push(...some.map(({ position }) => position));
      at += some.length;
    }
  }

  /** The last page, or a new one where that is full. */
  #openPage(): Page {
    const last = this.#pages.at(-1);
    const { page: clients, kept } = this.#sizes;
    if (last !== undefined && last.positions.length < clients) return last;
    const page: Page = {
      positions: [],
      // The system gives memory as it is written, not all of it at once.
      bytes: this.#pages.length < kept
        ? new Uint8Array(clients * LISTED_CLIENT_SIZE)
        : undefined,
    };
    this.#pages.push(page);
    return page;
  }

  /** @throws {Error} where a client of the page is gone: its size is out already */
  async #read(
    positions: readonly number[],
    from: number,
    to: number,
  ): Promise<Uint8Array> {
    const found = await this.#store.clients(
      (positions[from] ?? 1) - 1,
      to - from,
    );
    const isWhole = found.length === to - from &&
      found.at(-1)?.position === positions[to - 1];
    if (!isWhole) {
      throw new Error("The list of clients changed while it was sent");
    }
    return encode(found);
  }
}

/** Lets the runtime look at its sockets. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** What is in memory already, in pieces. */
function* cut(entries: Uint8Array): Generator<ResponsePiece> {
  for (let at = 0; at < entries.length; at += PIECE) {
    const piece = entries.subarray(at, at + PIECE);
    yield { memory: piece.length, read: () => piece };
  }
}

/** All entries but the one at an index, where there is one. */
function* without(entries: Uint8Array, index: number): Generator<Uint8Array> {
  const start = index * LISTED_CLIENT_SIZE;
  if (start < 0 || start >= entries.length) return yield entries;
  yield entries.subarray(0, start);
  yield entries.subarray(start + LISTED_CLIENT_SIZE);
}

function encode(clients: readonly ListedClient[]): Uint8Array {
  return responseCodecs.clientsList.encode(
    clients.map(({ id, name }) => ({ clientId: id, name })),
  );
}

/** Where a number stands among the first `count` of rising ones, or -1. */
function indexIn(
  rising: readonly number[],
  number: number,
  count: number,
): number {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = rising[middle] ?? 0;
    if (found === number) return middle;
    if (found < number) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
