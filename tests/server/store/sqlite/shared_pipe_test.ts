import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SharedPipe } from "../../../../server/store/sqlite/writer/shared_pipe.ts";

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
