/** Whether generated places are what `deno task generate` writes. */

import { assert, assertEquals } from "@std/assert";
import { generate, generated } from "../../lab/generate/generated.ts";
import { LOOPBACK_AND_FILES, testWith } from "../support/test_with.ts";

for (const [file, renders] of Object.entries(generated)) {
  testWith(LOOPBACK_AND_FILES, `${file} is generated`, async () => {
    const { current, wanted } = await generate(file);
    assert(wanted === current, `${file} is stale: run deno task generate`);
    const sections = current.match(/^(<!--|--|#) generated: /gm) ?? [];
    if (sections.length > 0) assertEquals(sections.length, renders.length);
  });
}
