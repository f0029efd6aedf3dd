import { assertEquals } from "@std/assert";
import { Account } from "../../../server/relay/limits/connection_limit.ts";
import { ConnectionMemory } from "../../../server/relay/limits/connection_memory.ts";
import { MemoryBudget } from "../../../server/relay/limits/memory_budget.ts";
import { ByteSource } from "../../../shared/wire/byte_source.ts";

const MIB = 1024 * 1024;

Deno.test("a buffer that is nearly full reads nothing aside, and gives all of its memory back", async () => {
  const budget = new MemoryBudget({
    maxInflight: 8 * MIB,
    maxMessage: MIB,
    progressTimeout: 30_000,
  });
  const account = new Account("a");
  const holder = { account, moved: 0, waiting: false, close() {} };
  const memory = new ConnectionMemory(budget, holder);
  // It fills the idle buffer, then most of a usual one; the rest has no room.
  const sizes = [1536, 63_000, 1500];
  const source = new ByteSource(
    (into) =>
      Promise.resolve(Math.min(into.length, sizes.shift() ?? 0) || null),
    { idleSize: 1536, memory },
  );
  assertEquals(await source.has(64_000), true);
  assertEquals(budget.used, 64 * 1024);
  assertEquals(await source.takeInArrived(), false);
  assertEquals(source.buffered, 1536 + 63_000);
  await source.skip(source.buffered);
  memory.shrink();
  assertEquals(budget.used, 0);
});
