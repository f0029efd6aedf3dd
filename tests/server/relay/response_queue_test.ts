import { assertEquals } from "@std/assert";
import { ConnectionMemory } from "../../../server/relay/limits/connection_memory.ts";
import { MemoryBudget } from "../../../server/relay/limits/memory_budget.ts";
import { defaultLimits } from "../../../server/relay/limits/limits.ts";
import { Request } from "../../../server/relay/request.ts";
import { ResponseQueue } from "../../../server/relay/response_queue.ts";

Deno.test("a large response keeps its request's memory until it has gone out", async () => {
  const writes: PromiseWithResolvers<number>[] = [];
  const transport = {
    write() {
      const writing = Promise.withResolvers<number>();
      writes.push(writing);
      return writing.promise;
    },
  };
  const memory = new ConnectionMemory(
    new MemoryBudget(defaultLimits),
    {} as never,
  );
  const queue = new ResponseQueue(transport, memory, {} as never);
  const released: number[] = [];
  const sizes = [100, 20_000, 20_000, 100];
  for (const [index, size] of sizes.entries()) {
    const release = () => void released.push(index);
    const parts = { kind: "send", sharesCommit: true, release };
    const bytes = new Uint8Array(size);
    await queue.add(
      new Request(new Uint8Array(16), parts),
      () => Promise.resolve({ bytes, outcome: "other_devices" as const }),
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(released, [0, 3]);
  for (let left = 40_200; left > 0;) {
    const writing = writes.shift();
    const size = left === 40_200 ? 100 : left;
    writing?.resolve(size);
    left -= size;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals(released, [0, 3, 1, 2]);
  await queue.drained();
});
