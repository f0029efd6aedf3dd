/**
 * Asks a relay: one connection for each request, the request in one write,
 * the answer read by what its header says (section 4 of docs/protocol.md).
 *
 * @module
 */

import { ByteSource } from "../shared/byte_source.ts";
import { type Address, formatAddress } from "../shared/info_server.ts";
import { RESPONSE_HEADER_SIZE, ResponseCode } from "../shared/protocol.ts";
import { type ResponseHeader, responseHeader } from "../shared/responses.ts";
import { reasonOf } from "../shared/reason.ts";
import {
  ConnectionError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "./errors.ts";

/** Milliseconds until a connection must stand. */
const CONNECT_TIMEOUT = 10_000;
/** Milliseconds without a byte after which a server is given up. */
const PROGRESS_TIMEOUT = 60_000;
/** Bytes of the largest list of clients or messages that is read. */
const MAX_LIST_SIZE = 1024 * 1024 * 1024;
/** Bytes of the largest other answer that is read. */
const MAX_ANSWER_SIZE = 64 * 1024;
/** Milliseconds that the body of a 9000, which nobody needs, gets to arrive. */
const FAILURE_BODY_TIMEOUT = 1000;
/** Bytes from which on this or that server fails (section 4, point 8). */
const RISKY_REQUEST_SIZE = 1024;

/** Is told how many of how many bytes have passed. */
export type Progress = (done: number, total: number) => void;

/** How to ask. */
export interface Question<T> {
  /** The whole request. */
  frame: Uint8Array;
  /** The answer's code where nothing fails. */
  expected: ResponseCode;
  /** Reads the answer's payload, before the connection is closed. */
  read: (payload: Uint8Array<ArrayBuffer>) => T | Promise<T>;
  /** Gets what has arrived of an answer that breaks off. */
  readPartial?:
    | ((arrived: Uint8Array<ArrayBuffer>) => Promise<void>)
    | undefined;
  /** Is told how much of the request has gone out. */
  sending?: Progress | undefined;
  /** Is told how much of the answer has come in. */
  receiving?: Progress | undefined;
}

/**
 * Asks the relay at an address.
 *
 * @throws {ServerRefusedError} where it answers 9000
 * @throws {NoConnectionError} where it isn't there
 * @throws {ConnectionError} where it breaks off or answers nonsense
 */
export async function ask<T>(
  address: Address,
  question: Question<T>,
): Promise<T> {
  const where = formatAddress(address);
  const sizeHint = question.frame.length > RISKY_REQUEST_SIZE
    ? `The request had ${question.frame.length} bytes; some servers take no more than 1 KiB, 4 KiB, 64 KiB or 1 MB`
    : undefined;
  const conn = await connect(address);
  try {
    const payload = await exchange(conn, question, where, sizeHint)
      .catch((error) => {
        throw explain(error, where, sizeHint);
      });
    return await question.read(payload);
  } finally {
    conn.close();
  }
}

/** Sends the request and reads the answer's payload. */
async function exchange<T>(
  conn: Deno.TcpConn,
  question: Question<T>,
  where: string,
  sizeHint: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = new ByteSource((into) =>
    withTimeout(conn.read(into), PROGRESS_TIMEOUT)
  );
  const unsent = await writeAll(conn, question.frame, question.sending)
    .then(() => undefined, (error: unknown) => ({ error }));
  // A server may refuse a large request and close before it has read all.
  const header = await readHeader(source).catch((error) => {
    throw unsent?.error ?? error;
  });
  if (header.code === ResponseCode.Error) {
    const body = Math.min(header.payloadSize, MAX_ANSWER_SIZE);
    await source.hasWithin(body, FAILURE_BODY_TIMEOUT);
    throw new ServerRefusedError(sizeHint);
  }
  if (unsent !== undefined) throw unsent.error;
  if (header.code !== question.expected) {
    throw new ConnectionError(
      `${where} answered ${header.code}, expected ${question.expected}`,
      "Is it a MessageU server?",
    );
  }
  const most = isList(header.code) ? MAX_LIST_SIZE : MAX_ANSWER_SIZE;
  if (header.payloadSize > most) {
    throw new ConnectionError(
      `${where} claims an answer of ${header.payloadSize} bytes, expected ${most} at most`,
    );
  }
  return await readPayload(source, header, question);
}

/** The server closed the connection before its answer was whole. */
class EndOfStream extends Error {
  override message = "it closed the connection before its answer was whole";
}

/** Nothing moved for too long. */
class Stalled extends Error {
  override message = "it doesn't answer";
}

/** Whatever goes wrong once a connection stands, the server may have got the request. */
function explain(
  error: unknown,
  where: string,
  sizeHint: string | undefined,
): unknown {
  if (error instanceof UserError) return error;
  const reason = reasonOf(error);
  return new ConnectionError(
    `The connection to ${where} broke: ${reason}`,
    sizeHint ?? "Try again",
    { cause: error },
  );
}

async function connect(address: Address): Promise<Deno.TcpConn> {
  const connecting = Deno.connect(address);
  try {
    return await withTimeout(connecting, CONNECT_TIMEOUT);
  } catch (cause) {
    // One that stands too late must not stay open.
    connecting.then((conn) => conn.close(), () => {});
    const reason = reasonOf(cause);
    throw new NoConnectionError(
      `No connection to ${formatAddress(address)}: ${reason}`,
      "Is the server running, and its address right? See info.server and --server",
      { cause },
    );
  }
}

async function writeAll(
  conn: Deno.TcpConn,
  frame: Uint8Array,
  progress: Progress | undefined,
): Promise<void> {
  for (let sent = 0; sent < frame.length;) {
    sent += await withTimeout(
      conn.write(frame.subarray(sent)),
      PROGRESS_TIMEOUT,
    );
    progress?.(sent, frame.length);
  }
}

async function readPayload<T>(
  source: ByteSource,
  { payloadSize }: ResponseHeader,
  question: Question<T>,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const payload = await source.take(
      payloadSize,
      (arrived) => question.receiving?.(arrived, payloadSize),
    );
    if (payload === null) throw new EndOfStream();
    return payload;
  } catch (error) {
    await question.readPartial?.(source.peek(source.buffered).slice());
    throw error;
  }
}

function isList(code: number): boolean {
  return code === ResponseCode.ClientsList ||
    code === ResponseCode.WaitingMessages;
}

async function readHeader(source: ByteSource): Promise<ResponseHeader> {
  const bytes = await source.take(RESPONSE_HEADER_SIZE);
  if (bytes === null) throw new EndOfStream();
  return responseHeader.decode(bytes);
}

async function withTimeout<T>(step: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Stalled()), ms);
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}
