import { assertEquals, assertRejects } from "@std/assert";
import { FormatError } from "../../shared/format_error.ts";
import { formatInfoMe, parseInfoMe } from "../../shared/info_me.ts";
import { FILES, testWith } from "../support/test_with.ts";
import { bytesOf, inHex, readVectors } from "../support/vectors.ts";

const textOf = (vector: { bytes: string }) =>
  new TextDecoder().decode(bytesOf(vector));

testWith(
  FILES,
  "identity files that are valid are read to their meaning",
  async () => {
    const forms = new Set<boolean>();
    for (const vector of await readVectors("identities")) {
      if (vector.verdict !== "valid") continue;
      const me = await parseInfoMe(textOf(vector));
      assertEquals(inHex(me), vector.meaning, vector.name);
      assertEquals(
        formatInfoMe(me) === textOf(vector),
        vector.canonical,
        vector.name,
      );
      forms.add(vector.canonical);
    }
    assertEquals(forms.size, 2);
  },
);

testWith(FILES, "identity files that are broken are refused", async () => {
  let count = 0;
  for (const vector of await readVectors("identities")) {
    if (vector.verdict === "valid") continue;
    await assertRejects(() => parseInfoMe(textOf(vector)), FormatError);
    count++;
  }
  assertEquals(count > 0, true);
});
