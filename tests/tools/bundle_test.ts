import { assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { Peer } from "../support/peer.ts";
import { Program } from "../support/program.ts";
import { temporaryFolder } from "../support/resources.ts";
import { PROGRAMS, testWith } from "../support/test_with.ts";

/** Bundles an entry point, as a compiled binary would hold it. */
async function bundle(entry: string, to: string): Promise<void> {
  const ended = await Program.deno(["bundle", "--output", to, entry]).end();
  assertEquals(ended.code, 0, ended.stderr);
}

testWith(
  PROGRAMS,
  "the relay runs as a bundle from another folder",
  async () => {
    await using built = await temporaryFolder();
    await using folder = await temporaryFolder();
    const program = `${built.path}/server.js`;
    await bundle("server/main.ts", program);
    const run = (...args: string[]) =>
      Program.deno([
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "--allow-read",
        "--allow-write",
        program,
        ...args,
      ], folder.path);
    assertEquals(
      (await run("--version").end()).stdout,
      `${config.version}\n`,
    );
    await using relay = run("--host", "127.0.0.1", "--port", "0");
    using peer = await Peer.connect(await relay.address());
    assertEquals((await peer.register("anna")).length, 16);
    relay.kill("SIGTERM");
    assertEquals((await relay.end()).code, 0);
    // Its files lie where it was started, not where the program is.
    assertEquals((await Deno.stat(`${folder.path}/db.defensive`)).isFile, true);
  },
);

testWith(
  PROGRAMS,
  "the client runs as a bundle from another folder",
  async () => {
    await using built = await temporaryFolder();
    await using folder = await temporaryFolder();
    const program = `${built.path}/client.js`;
    await bundle("client/main.ts", program);
    const run = (...args: string[]) =>
      Program.deno([
        "run",
        "--no-prompt",
        "--allow-net",
        "--allow-read",
        "--allow-write",
        program,
        ...args,
      ], folder.path).end();
    const { code, stdout, stderr } = await run();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertStringIncludes(stdout, "MessageU client at your service.");
    // Its verbs are in it too.
    assertEquals((await run("whoami")).code, 7);
    assertStringIncludes((await run("--help")).stdout, "fingerprint");
  },
);

testWith(
  PROGRAMS,
  "the program that is compiled has all verbs, too",
  async () => {
    const run = (...args: string[]) =>
      Program.deno(["run", "--no-prompt", "--allow-read", ...args]).end();
    const [binary, program] = await Promise.all(
      ["client/binary.ts", "client/main.ts"].map((path) => run(path, "--help")),
    );
    assertEquals(binary, program);
    assertEquals(binary?.code, 0);
  },
);
