import { join } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Program } from "../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../support/test_with.ts";

testWith(
  PROGRAMS,
  "the demo tells the whole story and leaves nothing behind",
  async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await Program.demo(folder.path).end();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    for (
      const line of [
        "relay  listening on 127.0.0.1:",
        "alice  registers",
        "bob    registers",
        "from alice: a request for a symmetric key",
        "from bob: a symmetric key",
        'from alice: "Hello Bob, are you there?"',
        'from bob: "שלום אליס! 🎉"',
        "alice  sends bob a file of 5 MB",
        "all 5000000 bytes are the same",
      ]
    ) {
      assertStringIncludes(stdout, line);
    }
    assertEquals(await namesIn(folder.path), []);
    assertStringIncludes(stdout, join(folder.path, "messageu-"));
  },
);
