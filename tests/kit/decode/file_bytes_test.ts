import { assertEquals, assertRejects } from "@std/assert";
import { fileBytes } from "../../../kit/decode/main.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../support/test_with.ts";

testWith(FILES, "no file is read beyond what memory is there for", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
  await Deno.writeFile(path, bytes);
  assertEquals(await fileBytes(path, bytes.length), bytes);
  await assertRejects(
    () => fileBytes(path, 2048),
    Error,
    "it has more than 2 KiB",
  );
  await assertRejects(() => fileBytes(folder.path), Error, "Can't read ");
});
