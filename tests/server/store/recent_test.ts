import { assert, assertEquals } from "@std/assert";
import { Recent } from "../../../server/store/recent.ts";

Deno.test("what was used lately is kept, and no more than was said", () => {
  const recent = new Recent<number>(100);
  for (let i = 0; i < 1000; i++) {
    recent.set(`${i}`, i);
    assertEquals(recent.get("0"), 0, "always in use");
  }
  const kept = Array.from({ length: 1000 }, (_, i) => recent.get(`${i}`))
    .filter((value) => value !== undefined);
  assert(kept.length <= 101 && kept.length >= 50, `${kept.length} kept`);
  assertEquals(kept.at(-1), 999);
  recent.clear();
  assertEquals(recent.get("999"), undefined);
});
