/** What the doctor says on other systems, and of received files. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runHere } from "../../../lab/harness/client_run.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { type Platform, platforms } from "../../../shared/platform/platform.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import {
  lacking,
  LOOPBACK_AND_FILES,
  stepWith,
  testWith,
} from "../../support/test_with.ts";

testWith(
  LOOPBACK_AND_FILES,
  "doctor looks at what protects a folder",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    await new VerbUser(dir, relay.address).do("register", "anna");
    const { stdout } = await doctor(dir, platforms.windows);
    const [line] = stdout.split("\n");
    assertMatch(line ?? "", /^warning +folder .* is outside of a profile/);
    assertStringIncludes(line ?? "", "icacls");
    await stepWith(t, "its files' modes", async () => {
      await Deno.chmod(`${dir}/info.me`, 0o644);
      assertMatch(
        (await doctor(dir, platforms.linux)).stdout,
        /^warning +folder .*info\.me \(644\) can be accessed by other users: chmod/,
      );
    }, lacking("file modes"));
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "doctor finds received files that the system removes",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const user = (name: string) =>
      new VerbUser(`${folder.path}/${name}`, relay.address);
    const [anna, ben] = [user("anna"), user("ben")];
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    const sent = `${folder.path}/sent`;
    await Deno.writeTextFile(sent, "bytes");
    await ben.do("send-file", "anna", sent);
    const { data } = await anna.do("pull", "--json");
    const { path } = data.find(({ kind }) => kind === "file");
    const files = async () => {
      const { stdout } = await doctor(`${folder.path}/anna`, platforms.darwin);
      return stdout.split("\n").find((line) => line.includes(" files "));
    };
    assertMatch(
      await files() ?? "",
      /^warning +files +1 received file in .*, which macOS empties .* save ID PATH"? copies one/,
    );
    await Deno.remove(path);
    assertMatch(await files() ?? "", / files .* for received files/);
  },
);

async function doctor(dir: string, platform: Platform) {
  const result = await runHere(
    "",
    ["doctor", "--dir", dir],
    { platform },
  );
  assertEquals(result.stderr, "");
  return result;
}
