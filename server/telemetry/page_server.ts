/**
 * Pages over HTTP, as little of it as a scrape and a health check need: one
 * request a connection, then closed. It outlives a lack of file
 * descriptors, on which `Deno.serve` ends the program and `node:http`
 * accepts nothing ever after, and it keeps few of them for itself.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { type Address, formatAddress } from "../../shared/folder/info_files.ts";

/** Milliseconds to wait after a failed accept, such as for want of file descriptors. */
const ACCEPT_PAUSE = 100;
/** Milliseconds that a connection may take, from its first byte to its last. */
const TIMEOUT = 10_000;
/** Connections at once that get their pages; as many more are told of that. */
const MOST_CONNECTIONS = 32;
/** Bytes that stand before a request's body, at most. */
const HEAD_SIZE = 8192;

const STATUS_TEXTS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

/** A page. */
export interface Page {
  status: keyof typeof STATUS_TEXTS;
  type: string;
  text: string;
}

/** A page with a sentence on it. */
export function sentencePage(status: Page["status"], sentence: string): Page {
  return { status, type: "text/plain; charset=utf-8", text: `${sentence}\n` };
}

const FULL = sentencePage(
  503,
  `This port is full: it has ${MOST_CONNECTIONS} connections`,
);

/** Makes the page of a path, or undefined where there is none. It never rejects. */
export type MakePage = (path: string) => Promise<Page | undefined>;

/** Serves pages. */
export class PageServer {
  readonly #listener: Deno.TcpListener;
  readonly #makePage: MakePage;
  readonly #open = new Map<Deno.TcpConn, Promise<void>>();
  readonly #accepting: Promise<void>;
  #closed = false;

  /** Serves from now on. @param listener from `Deno.listen`; the server closes it */
  constructor(listener: Deno.TcpListener, makePage: MakePage) {
    this.#listener = listener;
    this.#makePage = makePage;
    this.#accepting = this.#acceptAll();
  }

  /** Where it serves. */
  get address(): Address {
    return this.#listener.addr;
  }

  /** What its pages' addresses begin with. */
  get origin(): string {
    return `http://${formatAddress(this.address)}`;
  }

  /** Stops at once, in the middle of responses too. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#listener.close();
    for (const conn of this.#open.keys()) closeIfOpen(conn);
    await Promise.all([this.#accepting, ...this.#open.values()]);
  }

  async #acceptAll(): Promise<void> {
    while (!this.#closed) {
      try {
        const conn = await this.#listener.accept();
        const others = this.#open.size;
        if (others >= 2 * MOST_CONNECTIONS) conn.close();
        else this.#open.set(conn, this.#serve(conn, others));
      } catch {
        // The relay says so too, where it can't accept either.
        if (this.#closed) return;
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
  }

  /** @param others the number of other connections */
  async #serve(conn: Deno.TcpConn, others: number): Promise<void> {
    const timer = setTimeout(() => closeIfOpen(conn), TIMEOUT);
    try {
      const head = await readHead(conn);
      if (head === undefined) return;
      const page = others < MOST_CONNECTIONS ? await this.#answer(head) : FULL;
      await respond(conn, page, head.startsWith("HEAD "));
    } catch {
      // A connection that breaks is its client's affair.
    } finally {
      clearTimeout(timer);
      closeIfOpen(conn);
      this.#open.delete(conn);
    }
  }

  /** The page that a request gets. */
  async #answer(head: string): Promise<Page> {
    const line = /^([A-Z]+) (\/[^\s?]*)(?:\?\S*)? HTTP\/1\.[01]\r?\n/.exec(
      head,
    );
    if (line === null) {
      return sentencePage(400, "This isn't a request of HTTP/1.1");
    }
    const [, method = "", path = ""] = line;
    const page = await this.#makePage(path) ??
      sentencePage(404, "There is no such page");
    return isRead(method) || page.status === 404
      ? page
      : sentencePage(405, "Only GET and HEAD are answered");
  }
}

async function respond(
  conn: Deno.TcpConn,
  page: Page,
  headOnly: boolean,
): Promise<void> {
  const writer = conn.writable.getWriter();
  await writer.write(encode(page, headOnly));
  await conn.closeWrite();
  // To close before all that was sent is read would reset the response.
  const rest = new Uint8Array(HEAD_SIZE);
  while (await conn.read(rest) !== null);
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** What comes before an empty line, or undefined where there is none. */
async function readHead(conn: Deno.TcpConn): Promise<string | undefined> {
  const bytes = new Uint8Array(HEAD_SIZE);
  for (let size = 0; size < bytes.length;) {
    const count = await conn.read(bytes.subarray(size));
    if (count === null) return undefined;
    size += count;
    const head = new TextDecoder().decode(bytes.subarray(0, size));
    if (/\r?\n\r?\n/.test(head)) return head;
  }
  return "";
}

function encode({ status, type, text }: Page, headOnly: boolean): Uint8Array {
  const body = new TextEncoder().encode(text);
  const head = new TextEncoder().encode([
    `HTTP/1.1 ${status} ${STATUS_TEXTS[status]}`,
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    ...status === 405 ? ["Allow: GET, HEAD"] : [],
    "Cache-Control: no-store",
    "Connection: close",
    "\r\n",
  ].join("\r\n"));
  return headOnly ? head : concat([head, body]);
}

function closeIfOpen(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
