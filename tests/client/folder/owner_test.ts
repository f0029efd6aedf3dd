import { assertEquals } from "@std/assert";
import { ownersIn, withoutOwners } from "../../support/stores/owners.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";

testWith(
  PROGRAMS,
  "a client that root runs leaves the folder to its owner",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await using relay = await testRelay();
    const { hostname, port } = relay.address;
    await Deno.writeTextFile(`${dir}/info.server`, `${hostname}:${port}`);
    for (const path of [dir, `${dir}/info.server`]) {
      await Deno.chown(path, 12345, 12345);
    }
    const client = async (...args: string[]) => {
      await using program = Program.deno(
        ["run", "-A", "--no-prompt", `${ROOT}client/main.ts`, ...args],
        dir,
      );
      const { code, stderr } = await program.end();
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
    };
    await client("register", "anna");
    await client("pull");
    await client("export", "all", "--format", "text");
    assertEquals(await ownersIn(dir), [12345]);
  },
  await withoutOwners(),
);
