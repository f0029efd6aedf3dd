/**
 * A relay that keeps nothing, as a yardstick: the same runtime, sockets and
 * framing, and for each request a response of the right code and size that was
 * made before. One write responds to all requests that came in one read. As a
 * program: its argument is an {@linkcode ResponsePlan}, its command `port`.
 *
 * @module
 */

import { requestCode } from "../../../shared/wire/dialects.ts";
import {
  PROTOCOL_VERSION,
  REQUEST_HEADER_SIZE,
  RESPONSE_HEADER_SIZE,
} from "../../../shared/wire/protocol.ts";
import { requestKinds, responseCode } from "../../../shared/wire/requests.ts";
import { responseHeader } from "../../../shared/wire/frames.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { type ResponsePlan, responseSize } from "./responses.ts";
import { serveCommands } from "./child.ts";

/** Bytes that one read asks for, as in the relay. */
const CHUNK_SIZE = 64 * 1024;
/** Most responses that one write holds: as many as the smallest requests in a read. */
const MOST_RESPONSES = Math.ceil(CHUNK_SIZE / REQUEST_HEADER_SIZE);
/** Bytes up to which responses are repeated for one write. */
const MOST_REPEATED = 1024;

/** Responses of one kind, one after the other in one array. */
interface Responses {
  size: number;
  copies: number;
  bytes: Uint8Array;
}

/** Accepts and responds until the listener is closed. */
async function runNoopRelay(
  listener: Deno.TcpListener,
  plan: ResponsePlan,
): Promise<void> {
  const responses = prepareResponses(plan);
  for await (const conn of listener) {
    conn.setNoDelay(true);
    // A broken connection is the client's affair.
    serve(conn, responses).catch(() => {}).finally(() => conn.close());
  }
}

function prepareResponses(plan: ResponsePlan): Map<number, Responses> {
  return new Map(requestKinds.map((kind) => {
    const payloadSize = responseSize(kind, plan) ?? 0;
    const size = RESPONSE_HEADER_SIZE + payloadSize;
    const copies = size <= MOST_REPEATED ? MOST_RESPONSES : 1;
    const bytes = new Uint8Array(size * copies);
    const header = responseHeader.encode({
      version: PROTOCOL_VERSION,
      code: responseCode[kind],
      payloadSize,
    });
    for (let i = 0; i < copies; i++) bytes.set(header, i * size);
    return [requestCode(kind), { size, copies, bytes }];
  }));
}

async function serve(
  conn: Deno.TcpConn,
  responses: ReadonlyMap<number, Responses>,
): Promise<void> {
  const buffer = new Uint8Array(CHUNK_SIZE);
  const view = new DataView(buffer.buffer);
  let end = 0;
  for (;;) {
    const count = await conn.read(buffer.subarray(end));
    if (count === null) return;
    end += count;
    let start = 0;
    // Requests of one kind that follow each other are answered together.
    let code = 0;
    let owed = 0;
    while (end - start >= REQUEST_HEADER_SIZE) {
      const next = view.getUint16(start + 17, true);
      const size = REQUEST_HEADER_SIZE + view.getUint32(start + 19, true);
      if (end - start < size) break;
      if (next !== code && owed > 0) {
        await respond(conn, responses.get(code), owed);
        owed = 0;
      }
      code = next;
      owed++;
      start += size;
    }
    if (owed > 0) await respond(conn, responses.get(code), owed);
    buffer.copyWithin(0, start, end);
    end -= start;
  }
}

async function respond(
  conn: Deno.TcpConn,
  responses: Responses | undefined,
  owed: number,
): Promise<void> {
  if (responses === undefined) throw new RangeError("Expected a known code");
  for (let left = owed; left > 0;) {
    const count = Math.min(left, responses.copies);
    const bytes = responses.bytes.subarray(0, count * responses.size);
    await writeAll(conn, bytes);
    left -= count;
  }
}

const [plan = "{}"] = Deno.args;
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const running = runNoopRelay(listener, JSON.parse(plan) as ResponsePlan);
await serveCommands({ port: () => listener.addr.port });
listener.close();
await running;
