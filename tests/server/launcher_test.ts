import { assertEquals, assertStringIncludes } from "@std/assert";
import { Peer } from "../support/peer.ts";
import { Program } from "../support/program.ts";
import { temporaryFolder } from "../support/resources.ts";
import { SHELL, testWith } from "../support/test_with.ts";
import { until } from "../support/until.ts";

testWith(
  SHELL,
  "a relay that can't be replaced goes on",
  async () => {
    await using store = await temporaryFolder();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/gone`;
    await Deno.mkdir(dir);
    await using launcher = Program.deno([
      ...["run", "--no-prompt", "--allow-read"],
      ...["--allow-env=MESSAGEU_STORE", `--allow-run=${Deno.execPath()}`],
      ...["server/launch.ts", "--dir", dir, "--db", `${store.path}/users`],
      ...["--host", "127.0.0.1", "--port", "0"],
    ]);
    const address = await launcher.address();
    await Deno.remove(dir, { recursive: true });
    launcher.kill("SIGUSR2");
    await until("a failure", () => /^error/m.test(launcher.complained));
    using peer = await Peer.connect(address);
    await peer.register("ben");
    launcher.kill("SIGTERM");
    const { code, stderr } = await launcher.end();
    assertEquals(code, 0);
    assertStringIncludes(
      stderr,
      "error: the new relay didn't start, so the old one goes on: " +
        `--dir ${dir}: there is no such folder`,
    );
  },
);
