/**
 * A relay that keeps nothing, as a yardstick: the same runtime, sockets and
 * framing, and for each request an answer of the right code and size that was
 * made before. One write answers all requests that came in one read. As a
 * program: its argument is an {@linkcode AnswerPlan}, its command `port`.
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
import { writeAll } from "../../../shared/cli/write_all.ts";
import { type AnswerPlan, answerSize } from "./answers.ts";
import { serveCommands } from "./child.ts";

/** Bytes that one read asks for, as in the relay. */
const CHUNK_SIZE = 64 * 1024;
/** Most answers that one write holds: as many as the smallest requests in a read. */
const MOST_ANSWERS = Math.ceil(CHUNK_SIZE / REQUEST_HEADER_SIZE);
/** Bytes up to which answers are repeated for one write. */
const MOST_REPEATED = 1024;

/** Answers of one kind, one after the other in one array. */
interface Answers {
  size: number;
  copies: number;
  bytes: Uint8Array;
}

/** Accepts and answers until the listener is closed. */
async function runNoopRelay(
  listener: Deno.TcpListener,
  plan: AnswerPlan,
): Promise<void> {
  const answers = prepareAnswers(plan);
  for await (const conn of listener) {
    conn.setNoDelay(true);
    // A broken connection is the client's affair.
    serve(conn, answers).catch(() => {}).finally(() => conn.close());
  }
}

function prepareAnswers(plan: AnswerPlan): Map<number, Answers> {
  return new Map(requestKinds.map((kind) => {
    const payloadSize = answerSize(kind, plan) ?? 0;
    const size = RESPONSE_HEADER_SIZE + payloadSize;
    const copies = size <= MOST_REPEATED ? MOST_ANSWERS : 1;
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
  answers: ReadonlyMap<number, Answers>,
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
        await answer(conn, answers.get(code), owed);
        owed = 0;
      }
      code = next;
      owed++;
      start += size;
    }
    if (owed > 0) await answer(conn, answers.get(code), owed);
    buffer.copyWithin(0, start, end);
    end -= start;
  }
}

async function answer(
  conn: Deno.TcpConn,
  answers: Answers | undefined,
  owed: number,
): Promise<void> {
  if (answers === undefined) throw new RangeError("Expected a known code");
  for (let left = owed; left > 0;) {
    const count = Math.min(left, answers.copies);
    const bytes = answers.bytes.subarray(0, count * answers.size);
    await writeAll(conn, bytes);
    left -= count;
  }
}

const [plan = "{}"] = Deno.args;
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const running = runNoopRelay(listener, JSON.parse(plan) as AnswerPlan);
await serveCommands({ port: () => listener.addr.port });
listener.close();
await running;
