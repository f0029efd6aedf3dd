import { assert, assertEquals } from "@std/assert";
import { LruCache } from "../../../server/store/lru_cache.ts";

Deno.test("what was used last is kept, and no more than was said", () => {
  const cache = new LruCache<number>(100);
  for (let i = 0; i < 1000; i++) {
    cache.set(`${i}`, i);
    assertEquals(cache.get("0"), 0, "always in use");
  }
  const kept = Array.from({ length: 1000 }, (_, i) => cache.get(`${i}`))
    .filter((value) => value !== undefined);
  assert(kept.length <= 101 && kept.length >= 50, `${kept.length} kept`);
  assertEquals(kept.at(-1), 999);
  cache.clear();
  assertEquals(cache.get("999"), undefined);
});
