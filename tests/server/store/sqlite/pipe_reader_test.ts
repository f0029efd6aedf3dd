import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { PipeReader } from "../../../../server/store/sqlite/writer/pipe_reader.ts";
import { SharedPipe } from "../../../../server/store/sqlite/writer/shared_pipe.ts";

const SIZE = 1024 * 1024;

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
        const memory = SharedPipe.allocate(SIZE);
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
