import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { parseInfoMe } from "../../../shared/identity/parse_identity.ts";
import { formatInfoMe } from "../../../shared/folder/info_files.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { bytesOf, inHex, readVectors } from "../../support/wire/vectors.ts";

testWith(
  FILES,
  "readable identity files have their meaning",
  async () => {
    const kinds = new Set<string>();
    for (const vector of await readVectors("identities")) {
      const { name, canonical, verdict, meaning } = vector;
      if (Object.keys(meaning).length === 0) continue;
      const me = await parseInfoMe(bytesOf(vector));
      assertEquals(inHex(me), meaning, name);
      const written = new TextEncoder().encode(formatInfoMe(me));
      assertEquals(encodeHex(written) === vector.bytes, canonical, name);
      kinds.add(`${verdict} ${canonical}`);
    }
    assertEquals(kinds, new Set(["valid true", "valid false", "IDF-1 false"]));
  },
);

testWith(FILES, "identity files that are broken are refused", async () => {
  let count = 0;
  for (const vector of await readVectors("identities")) {
    if (Object.keys(vector.meaning).length > 0) continue;
    assertEquals(vector.verdict, "IDF-1", vector.name);
    await assertRejects(() => parseInfoMe(bytesOf(vector)), FormatError);
    count++;
  }
  assert(count > 0);
});
