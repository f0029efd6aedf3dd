/** A server that takes every message, whatever it holds, and keeps nothing of it. */

import { createHash, type Hash } from "node:crypto";
import { AnyServer } from "../../../kit/any_server.ts";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import {
  encodeResponse,
  requestHeader,
  sendHead,
} from "../../../shared/wire/frames.ts";
import {
  type MessageId,
  REQUEST_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";

/** What a sink has taken. */
export interface Taken {
  /** Bytes of content. */
  size: number;
  /** The content's SHA-256 in hex digits, where it was asked for. */
  digest: string | undefined;
}

/** A server that only reads. */
export class Sink extends AnyServer {
  /** What was taken so far. */
  readonly taken: Taken[] = [];
  readonly #digests: boolean;

  /** @param digests whether contents are hashed, which costs time */
  constructor(digests: boolean) {
    super((conn) => this.#take(conn));
    this.#digests = digests;
  }

  async #take(conn: Deno.TcpConn): Promise<void> {
    const source = new ByteSource((into) => conn.read(into), {
      idleSize: 1024 * 1024,
    });
    const head = await source.take(REQUEST_HEADER_SIZE + SEND_OVERHEAD);
    if (head === null) return;
    requestHeader.decode(head.subarray(0, REQUEST_HEADER_SIZE));
    const { target, contentSize } = sendHead.decode(
      head.subarray(REQUEST_HEADER_SIZE),
    );
    const hash = this.#digests ? createHash("sha256") : undefined;
    if (!(await read(source, contentSize, hash))) return;
    this.taken.push({ size: contentSize, digest: hash?.digest("hex") });
    const payload = { target, messageId: this.taken.length as MessageId };
    await conn.write(encodeResponse({ code: 2103, payload }));
  }
}

/** @returns false where the content breaks off */
async function read(
  source: ByteSource,
  size: number,
  hash: Hash | undefined,
): Promise<boolean> {
  for (let left = size; left > 0;) {
    if (!(await source.has(1))) return false;
    const count = Math.min(left, source.buffered);
    hash?.update(source.peek(count));
    await source.skip(count);
    left -= count;
  }
  return true;
}
