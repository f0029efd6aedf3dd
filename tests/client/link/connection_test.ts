import { assert, assertEquals } from "@std/assert";
import { StallWatch } from "../../../client/link/connection.ts";

Deno.test("a connection is closed where nothing moves, and not before", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const start = performance.now();
  using watch = new StallWatch(40, () => resolve(performance.now() - start));
  const moving = setInterval(() => {
    watch.moved();
    if (performance.now() - start > 80) clearInterval(moving);
  }, 10);
  assertEquals(watch.stalled, false);
  const closed = await promise;
  assert(closed >= 80, `${closed} ms`);
  assertEquals(watch.stalled, true);
});

Deno.test("one that ended in time isn't watched any more", () => {
  // The test's own look at timers that are left is what tells.
  using watch = new StallWatch(60_000, () => {
    throw new Error("closed");
  });
  watch.moved();
});
