/** Whether the sources tell the system and its errors apart in one place. */

import { assert, assertEquals } from "@std/assert";
import { sourcesIn } from "../support/sources.ts";
import { FILES, testWith } from "../support/test_with.ts";

/** Classes of errors that the runtime throws by itself, without a code. */
const OF_THE_RUNTIME = ["BadResource", "Interrupted", "NotCapable"];
/** Where they are told apart, and tests of that. */
const HOMES = [
  "shared/platform/",
  "tests/shared/platform_test.ts",
  "tests/docs/platform_test.ts",
];
const PRODUCT = ["client", "server", "shared", "kit", "deploy"];

/** The places in these rooms, but for the homes, that a pattern matches. */
async function placesOf(
  rooms: readonly string[],
  pattern: RegExp,
): Promise<string[]> {
  const places: string[] = [];
  let count = 0;
  for (const room of rooms) {
    for await (const [path, source] of sourcesIn(room)) {
      count++;
      if (HOMES.some((home) => path.startsWith(home))) continue;
      for (const [found] of source.matchAll(pattern)) {
        places.push(`${path}: ${found}`);
      }
    }
  }
  assert(count > rooms.length);
  return places;
}

testWith(
  FILES,
  "errors of the system are told apart by their codes",
  async () => {
    const others = `(?!(?:${OF_THE_RUNTIME.join("|")})\\b)`;
    assertEquals(
      await placesOf(
        [...PRODUCT, "lab", "tests"],
        new RegExp(`Deno\\.errors\\.${others}\\w+`, "g"),
      ),
      [],
    );
  },
);

testWith(FILES, "programs ask the platform, and not the runtime", async () => {
  assertEquals(
    await placesOf(PRODUCT, /Deno\.build\.os|process\.platform/g),
    [],
  );
});
