import { assertEquals } from "@std/assert";
import { withoutFiles } from "../../../kit/conformance/client/findings.ts";
import type { Observed } from "../../../kit/conformance/client/step.ts";

const printed = (output: string | undefined) => ({ output }) as Observed;

Deno.test("a client without files in its menu skips their checks", () => {
  const menu = "150) Send a text message\n";
  assertEquals(withoutFiles(printed(menu)), {
    skips: "it offers no files, and needn't",
  });
  assertEquals(withoutFiles(printed(`${menu}153) Send a file\n`)), undefined);
  assertEquals(withoutFiles(printed(undefined)), undefined);
});
