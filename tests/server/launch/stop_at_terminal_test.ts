import { assertEquals } from "@std/assert";
import { ROOT } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { Screen } from "../../../lab/harness/screen.ts";
import { SCREENS, testWith } from "../../support/test_with.ts";

testWith(
  SCREENS,
  "at a terminal a relay stops without asking for the permissions that it dropped",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await using screen = await Screen.run({ columns: 100, rows: 24 }, [
      // Without --no-prompt the runtime asks for each permission that is missing.
      ...[Deno.execPath(), "run", "--quiet", "--allow-net=127.0.0.1:0"],
      ...[`--allow-read=${dir},${ROOT}`, `--allow-write=${dir}`],
      ...[`${ROOT}server/main.ts`, "--dir", dir, "--host", "127.0.0.1"],
      ...["--port", "0", "--pid-file", `${dir}/pid`],
    ]);
    await screen.see("listening on");
    await screen.signal("INT");
    assertEquals((await screen.end()).code, 0);
    assertEquals(await Deno.readTextFile(`${dir}/pid`), "");
  },
);
