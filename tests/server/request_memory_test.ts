import { assertEquals } from "@std/assert";
import { MemoryBudget } from "../../server/limits/memory_budget.ts";
import { RequestMemory } from "../../server/limits/request_memory.ts";
import { ByteSource } from "../../shared/byte_source.ts";

const MIB = 1024 * 1024;

Deno.test("a buffer that is nearly full reads nothing aside, and gives all of its memory back", async () => {
  const budget = new MemoryBudget(8 * MIB, MIB);
  const memory = new RequestMemory(budget);
  // It fills the idle buffer, then most of a usual one; the rest has no room.
  const sizes = [1536, 63_000, 1500];
  const source = new ByteSource(
    (into) =>
      Promise.resolve(Math.min(into.length, sizes.shift() ?? 0) || null),
    { idleSize: 1536, memory },
  );
  assertEquals(await source.has(64_000), true);
  assertEquals(budget.buffers.used, 64 * 1024);
  assertEquals(await source.takeInArrived(), false);
  assertEquals(source.buffered, 1536 + 63_000);
  await source.skip(source.buffered);
  memory.shrink();
  assertEquals(budget.buffers.used, 0);
});
