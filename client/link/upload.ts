/**
 * Encodes requests, and writes one piece by piece while reading a response: a
 * server that refuses a large request responds after its header.
 *
 * @module
 */

import { concat } from "@std/bytes";
import {
  encodeRequest,
  encodeSendStart,
  type RequestOptions,
} from "../../shared/wire/frames.ts";
import { defaultDialect, paddingBehind } from "../../shared/wire/dialects.ts";
import { MAX_CONTENT_SIZE } from "../../shared/wire/protocol.ts";
import type {
  RequestKind,
  RequestPayloads,
  SendMessage,
} from "../../shared/wire/requests.ts";
import type { Pieces } from "../../shared/wire/buffers.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { inTime } from "../../shared/cli/time.ts";
import { UserError } from "../errors.ts";

/** Milliseconds to wait for the last write once the response has arrived. */
const LAST_WRITE_TIMEOUT = 1000;

/** The result of an upload. */
export interface Uploaded {
  /** Bytes that have gone out. */
  sent: number;
  /** Whether that is all of them. */
  whole: boolean;
  /** Why it couldn't be written. */
  error?: unknown;
}

/** A request to write. */
export interface Upload {
  /** Bytes of all pieces. */
  size: number;
  /** Each piece is sent with one write. */
  pieces: Pieces;
}

/** A content that is produced while it is sent. */
export interface StreamedContent {
  /** Size in bytes. */
  readonly size: number;
  /** Exactly `size` bytes; anything else cuts the connection. */
  readonly pieces: Pieces;
}

/** A message to a client. */
export interface OutgoingMessage extends Omit<SendMessage, "content"> {
  /** The encrypted content. */
  content: Uint8Array | StreamedContent;
}

/**
 * The request of a message; a streamed content is encoded as it is sent.
 *
 * @throws {UserError} where the content is larger than the protocol allows
 */
export function sendUpload(
  { target, type, content }: OutgoingMessage,
  options: RequestOptions,
): Upload {
  if (content instanceof Uint8Array) {
    return wholeUpload("sendMessage", { target, type, content }, options);
  }
  if (content.size > MAX_CONTENT_SIZE) {
    throw new UserError(
      `The message has ${content.size} bytes; the protocol allows ${MAX_CONTENT_SIZE} at most`,
    );
  }
  const start = encodeSendStart(
    { target, type, contentSize: content.size },
    options,
  );
  const size = start.length + content.size;
  const padding = paddingBehind(size, options.dialect ?? defaultDialect);
  const pieces = prepend(start, content.pieces);
  return { size: size + padding, pieces: pad(pieces, size, padding) };
}

/** A request in one piece, sent in one write (FRM-6). */
export function wholeUpload<K extends RequestKind>(
  kind: K,
  payload: RequestPayloads[K],
  options: RequestOptions,
): Upload {
  const frame = encodeRequest(kind, payload, options);
  return { size: frame.length, pieces: only(frame) };
}

async function* only(
  frame: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  yield frame;
}

/** The pieces, with `start` before the first one: both are sent with one write. */
async function* prepend(
  start: Uint8Array,
  pieces: Pieces,
): AsyncGenerator<Uint8Array, void, void> {
  let before: Uint8Array | undefined = start;
  for await (const piece of pieces) {
    yield before === undefined ? piece : concat([before, piece]);
    before = undefined;
  }
  if (before !== undefined) yield before;
}

/**
 * The pieces, with zeros added to the one that completes `size` bytes: a server
 * may respond and close before it has read zeros that come later.
 */
async function* pad(
  pieces: Pieces,
  size: number,
  padding: number,
): AsyncGenerator<Uint8Array, void, void> {
  let passed = 0;
  for await (const piece of pieces) {
    passed += piece.length;
    yield passed === size && padding > 0 && piece.length > 0
      ? concat([piece, new Uint8Array(padding)])
      : piece;
  }
}

/**
 * Writes a request, and stops where its response arrives before its end.
 *
 * @param response settles once the server has responded, closed or reset
 * @param progress called with the number of bytes that have gone out
 * @throws {UserError} where the pieces can't be read, or aren't `size` bytes;
 * the connection must be cut then
 */
export async function upload(
  conn: { write(bytes: Uint8Array): Promise<number> },
  { size, pieces }: Upload,
  response: Promise<unknown>,
  progress: (sent: number) => void,
): Promise<Uploaded> {
  const responded = response.then(
    () => "responded" as const,
    () => "responded" as const,
  );
  const source = pieces[Symbol.asyncIterator]();
  let sent = 0;
  try {
    for (;;) {
      const piece = await nextOf(source);
      if (piece === undefined) break;
      // The last piece is held back until the source has ended.
      const more = sent + piece.length >= size && await nextOf(source);
      if (more || sent + piece.length > size) throw wrongSize(size, "more");
      for (let rest = piece; rest.length > 0;) {
        const count = await write(
          conn,
          rest,
          responded,
          sent + rest.length === size,
        );
        if (count === undefined) return { sent, whole: false };
        if (typeof count !== "number") return { sent, whole: false, ...count };
        sent += count;
        rest = rest.subarray(count);
        progress(sent);
      }
    }
    if (sent < size) throw wrongSize(size, `${sent}`);
    return { sent, whole: true };
  } finally {
    await source.return?.();
  }
}

/** @returns the number of bytes written; undefined where the response came first */
async function write(
  conn: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
  responded: Promise<"responded">,
  isLast: boolean,
): Promise<number | { error: unknown } | undefined> {
  const writing = conn.write(bytes).catch((error: unknown) => ({ error }));
  const first = await Promise.race([writing, responded]);
  if (first !== "responded") return first;
  // The server may have read the end of the request before the write resolves.
  return isLast
    ? await inTime(writing, LAST_WRITE_TIMEOUT, undefined)
    : undefined;
}

/** The next piece that isn't empty, or undefined at the end. */
async function nextOf(
  source: AsyncIterator<Uint8Array>,
): Promise<Uint8Array | undefined> {
  try {
    for (;;) {
      const { value, done } = await source.next();
      if (done) return undefined;
      if (value.length > 0) return value;
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `Can't read what is to be sent: ${reasonOf(cause)}`,
      undefined,
      { cause },
    );
  }
}

function wrongSize(expected: number, got: string): UserError {
  return new UserError(
    `Expected ${expected} bytes to send, got ${got}: the connection was cut`,
    "Nothing was delivered; send it again",
  );
}
