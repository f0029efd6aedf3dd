import { assert, assertEquals } from "@std/assert";
import { StallWatch } from "../../../client/link/connection.ts";

Deno.test("a connection is closed where nothing moves, and not before", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const start = performance.now();
  let moved = start;
  using watch = new StallWatch(40, () => resolve(performance.now() - moved));
  const moving = setInterval(() => {
    moved = performance.now();
    watch.moved();
    if (moved - start > 80) clearInterval(moving);
  }, 10);
  assertEquals(watch.stalled, false);
  // A busy machine may let the time pass between two moves: then it is silence, too.
  const silence = await promise;
  clearInterval(moving);
  assert(silence >= 40, `${silence} ms`);
  assertEquals(watch.stalled, true);
});

Deno.test("one that ended in time isn't watched any more", () => {
  // The test's own look at timers that are left is what tells.
  using watch = new StallWatch(60_000, () => {
    throw new Error("closed");
  });
  watch.moved();
});
