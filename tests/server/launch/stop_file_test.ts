/** Relays that stop once a file appears. */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";

const onFreePort = ["--host", "127.0.0.1", "--port", "0"];

const relay = (dir: string, ...flags: string[]) =>
  Program.relay(dir, "--port", "0", ...flags);
const launcher = (dir: string, ...flags: string[]) =>
  Program.launcher([...onFreePort, "--dir", dir, ...flags]);

for (const [name, start] of Object.entries({ relay, launcher })) {
  testWith(
    PROGRAMS,
    `a ${name} stops in good order once its file appears`,
    async () => {
      await using folder = await temporaryFolder();
      const file = `${folder.path}/stop`;
      await using program = start(folder.path, "--stop-with-file", file);
      await program.address();
      // Other files of the folder mean nothing.
      await Deno.writeTextFile(`${folder.path}/stops`, "");
      await Deno.writeTextFile(file, "");
      assertEquals((await program.end()).code, 0);
      // A store that was closed leaves no log beside it.
      assert(!(await namesIn(folder.path)).includes("db.defensive-wal"));
    },
  );
}

testWith(
  PROGRAMS,
  "a file to stop with that is there already, or can't be, is refused",
  async () => {
    await using folder = await temporaryFolder();
    const refused = async (path: string) => {
      await using program = launcher(folder.path, "--stop-with-file", path);
      const { code, stdout, stderr } = await program.end();
      assertEquals({ code, stdout }, { code: 2, stdout: "" });
      assertEquals(stderr.split("\n").length, 2);
      return stderr;
    };
    const file = `${folder.path}/stop`;
    await Deno.writeTextFile(file, "");
    assertEquals(
      await refused(file),
      `error: --stop-with-file ${file}: it is there already: remove it to start\n`,
    );
    const nowhere = `${folder.path}/none/stop`;
    assert(
      (await refused(nowhere)).endsWith(
        ": name a file in a folder that is there and can be read\n",
      ),
    );
    assertEquals(await namesIn(folder.path), ["stop"]);
  },
);
