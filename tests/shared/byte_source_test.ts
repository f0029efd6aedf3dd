import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ByteSource } from "../../shared/wire/byte_source.ts";

/** A stream that hands out its bytes in pieces of these sizes, then ends. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): ByteSource {
  let offset = 0;
  let turn = 0;
  return new ByteSource((into) => {
    if (offset === bytes.length) return Promise.resolve(null);
    const size = sizes.length === 0
      ? into.length
      : sizes[turn++ % sizes.length] ?? 1;
    const piece = bytes.subarray(offset, offset + Math.min(size, into.length));
    into.set(piece);
    offset += piece.length;
    return Promise.resolve(piece.length);
  });
}

function numbered(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i % 251);
}

Deno.test("takes and skips come out the same however the bytes are cut", async () => {
  const step = fc.record({
    size: fc.oneof(fc.nat(200), fc.nat(200_000)),
    how: fc.constantFrom("take", "skip", "peek"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 4 }),
      async (steps, pieces) => {
        const total = steps.reduce((sum, { size }) => sum + size, 0);
        const bytes = numbered(total);
        const source = inPieces(bytes, pieces);
        let offset = 0;
        for (const { size, how } of steps) {
          const expected = bytes.subarray(offset, offset + size);
          if (how === "skip") {
            assertEquals(await source.skip(size), true);
          } else {
            if (how === "peek") {
              assertEquals(await source.has(size), true);
              assertEquals(source.peek(size).toHex(), expected.toHex());
            }
            assertEquals((await source.take(size))?.toHex(), expected.toHex());
          }
          offset += size;
        }
        assertEquals(await source.has(1), false);
        assertEquals(await source.take(1), null);
        assertEquals(await source.skip(1), false);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("what was taken isn't written over later", async () => {
  const bytes = numbered(300_000);
  const source = inPieces(bytes, [1000]);
  const taken: Uint8Array[] = [];
  for (let i = 0; i < 300; i++) taken.push(await source.take(1000) ?? bytes);
  taken.forEach((piece, i) =>
    assertEquals(
      piece.toHex(),
      bytes.subarray(1000 * i, 1000 * (i + 1)).toHex(),
    )
  );
});

Deno.test("memory grows with what has arrived, not with what is claimed", async () => {
  let largest = 0;
  let reads = 0;
  const source = new ByteSource((into) => {
    largest = Math.max(largest, into.length);
    return Promise.resolve(reads++ < 3 ? 10 : null);
  });
  assertEquals(await source.take(0xffffffff), null);
  assertEquals(largest <= 64 * 1024, true);
});

Deno.test("a large take tells how far it is", async () => {
  const seen: number[] = [];
  const source = inPieces(numbered(250), [100]);
  await source.take(250, (arrived) => seen.push(arrived));
  assertEquals(seen, [0, 100, 200, 250]);
});

Deno.test("hasWithin gives up in time, and the late bytes aren't lost", async () => {
  let arrive = (_bytes: Uint8Array) => {};
  const source = new ByteSource((into) =>
    new Promise((resolve) => {
      arrive = (bytes) => {
        into.set(bytes);
        resolve(bytes.length);
      };
    })
  );
  assertEquals(await source.hasWithin(2, 5), false);
  arrive(new Uint8Array([1, 2, 3]));
  assertEquals(await source.hasWithin(2, 60_000), true);
  assertEquals(await source.take(3), new Uint8Array([1, 2, 3]));
});

Deno.test("hasWithin sees the end of the stream at once", async () => {
  assertEquals(await inPieces(numbered(3), []).hasWithin(4, 60_000), false);
});

Deno.test("peeking past what has arrived throws", () => {
  assertThrows(() => inPieces(numbered(3), []).peek(1), RangeError);
});
