import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  PipeReader,
  SharedPipe,
} from "../../../../server/store/sqlite/writer/shared_pipe.ts";

const SIZE = 64;

function ends(): [SharedPipe, SharedPipe] {
  const memory = SharedPipe.allocate(SIZE);
  return [new SharedPipe(memory), new SharedPipe(memory)];
}

Deno.test("a pipe hands on what was written, in order, however it is cut", async () => {
  // Waiting for the other end doesn't keep the runtime from ending; a thread does.
  const alive = setInterval(() => {}, 1000);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 1000 }),
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }),
      async (bytes, writes, reads) => {
        const [writer, reader] = ends();
        const read: number[] = [];
        const reading = (async () => {
          for (let turn = 0; read.length < bytes.length; turn++) {
            await reader.readableLater();
            const into = new Uint8Array(reads[turn % reads.length] ?? 1);
            read.push(...into.subarray(0, reader.read(into)));
          }
        })();
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          await writer.writableLater();
          const size = writes[turn % writes.length] ?? 1;
          at += writer.write(bytes.subarray(at, at + size));
          if (turn % 3 > 0) writer.publish();
        }
        writer.publish();
        await reading;
        assertEquals(new Uint8Array(read), bytes);
        assertEquals([reader.readable, writer.writable], [0, SIZE]);
      },
    ),
    { numRuns: 100 },
  ).finally(() => clearInterval(alive));
});

Deno.test("a reader sees nothing before it is published, then all of it", () => {
  const [writer, reader] = ends();
  assertEquals(writer.write(new Uint8Array(40)), 40);
  assertEquals(writer.write(new Uint8Array(40)), 24);
  assertEquals([reader.readable, writer.writable], [0, 0]);
  writer.publish();
  assertEquals(reader.readable, SIZE);
});

Deno.test("the counts may go round", () => {
  const memory = SharedPipe.allocate(SIZE);
  new Int32Array(memory.control).fill(0x7fffffff - 10);
  const [writer, reader] = [new SharedPipe(memory), new SharedPipe(memory)];
  const into = new Uint8Array(SIZE);
  for (let turn = 0; turn < 10; turn++) {
    const bytes = new Uint8Array(SIZE).fill(turn);
    assertEquals(writer.write(bytes), SIZE);
    writer.publish();
    assertEquals(writer.writable, 0);
    assertEquals(reader.read(into), SIZE);
    assertEquals(into, bytes);
  }
});

Deno.test("what is read stays as it is until it may be reused", () => {
  fc.assert(
    fc.property(
      // Groups of values: some fit into the reader's buffer, some don't.
      fc.array(
        fc.array(fc.oneof(fc.nat(2000), fc.integer({ min: 0, max: 300_000 })), {
          maxLength: 3,
        }),
        { maxLength: 8 },
      ),
      (groups) => {
        const memory = SharedPipe.allocate(1024 * 1024);
        const writer = new SharedPipe(memory);
        const reader = new PipeReader(new SharedPipe(memory));
        let mark = 0;
        for (const group of groups) {
          const written = group.map((size) =>
            new Uint8Array(size).fill(++mark % 251 + 1)
          );
          for (const bytes of written) writer.write(bytes);
          writer.publish();
          reader.reuse();
          const views = written.map(({ length }) => reader.bytes(length));
          assertEquals(
            views.map((view, i) => textOf(view) === textOf(written[i])),
            written.map(() => true),
          );
        }
      },
    ),
    { numRuns: 100 },
  );
});

/** As text: comparing long arrays by their elements takes too long. */
function textOf(bytes: Uint8Array | undefined): string {
  return bytes?.toBase64() ?? "";
}
