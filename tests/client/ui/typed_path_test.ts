import { assertEquals } from "@std/assert";
import { typedPath } from "../../../client/ui/typed_path.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { platforms } from "../../../shared/platform/platform.ts";
import { FILES, testWith } from "../../support/test_with.ts";

testWith(
  FILES,
  "a path is read as it is typed, or as it is dropped",
  async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const paths: Record<string, string> = {
      [`${dir}/plain`]: `${dir}/plain`,
      [`'${dir}/a b'`]: `${dir}/a b`,
      [`'${dir}/it'\\''s' `]: `${dir}/it's`,
      [`"${dir}/say \\"hi\\" \\n"`]: `${dir}/say "hi" \\n`,
      [`${dir}/a\\ b\\(1\\).txt`]: `${dir}/a b(1).txt`,
      [`file://${dir}/a%20b%25`]: `${dir}/a b%`,
      [`file://some.host${dir}/x`]: `${dir}/x`,
      "~/x": "/home/anna/x",
      "~/My\\ files": "/home/anna/My files",
      "file:///%zz": "file:///%zz",
      // What is no one word stays as it is.
      "'a' 'b'": "'a' 'b'",
      "it's": "it's",
      " a b ": "a b",
    };
    for (const [text, path] of Object.entries(paths)) {
      assertEquals(await typedPath(text, "/home/anna"), path, text);
    }
    const literal = `${dir}/'a\\ b' `;
    await Deno.writeTextFile(literal, "");
    assertEquals(await typedPath(literal), literal, "it is there");
  },
);

testWith(FILES, "a path of Windows keeps its backslashes", async () => {
  const paths: Record<string, string> = {
    "C:\\a b\\x.txt": "C:\\a b\\x.txt",
    '"C:\\a b\\x.txt"': "C:\\a b\\x.txt",
    "~\\x": "C:\\Users\\anna\\x",
    "~/x": "C:\\Users\\anna/x",
    '"~\\My files"': "C:\\Users\\anna\\My files",
  };
  for (const [text, path] of Object.entries(paths)) {
    const found = await typedPath(
      text,
      "C:\\Users\\anna",
      platforms.windows,
    );
    assertEquals(found, path, text);
  }
});
