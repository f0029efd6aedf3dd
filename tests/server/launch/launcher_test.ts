/** The launcher of a relay: what its end means, and how it is found. */

import { assert, assertEquals } from "@std/assert";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program } from "../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { lacking, PROGRAMS, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { assertRejectsWith } from "../../support/system_errors.ts";

const onFreePort = ["--host", "127.0.0.1", "--port", "0"];

testWith(
  PROGRAMS,
  "a relay whose launcher is killed drains and stops",
  async () => {
    await using folder = await temporaryFolder();
    const flags = ["--dir", folder.path];
    await using program = Program.launcher([...onFreePort, ...flags]);
    const address = await program.address();
    using peer = await Peer.connect(address);
    const anna = await peer.register("anna");
    program.kill("SIGKILL");
    // Its standard error is the launcher's, and open until both have ended.
    const { code } = await program.end();
    assert(code !== 0);
    await assertRejectsWith("ECONNREFUSED", () => Deno.connect(address));
    await using next = Program.launcher([
      ...["--host", "127.0.0.1", "--port", `${address.port}`],
      ...flags,
    ]);
    await next.address();
    using again = await Peer.connect(address);
    assertEquals(await again.send(anna, anna, new Uint8Array(1)), 1);
    await next.stop();
    assertEquals((await next.end()).code, 0);
  },
);

testWith(
  PROGRAMS,
  "the process that takes SIGUSR2 is named in its file and in the log",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/relay.pid`;
    await using program = Program.launcher([
      ...onFreePort,
      ...["--dir", folder.path, "--pid-file", path],
    ]);
    const address = await program.address();
    const told = `note: SIGUSR2 replaces the relay pid=${program.pid}\n`;
    await until("the log's line", () => program.complained.includes(told));
    const pid = Number(await Deno.readTextFile(path));
    assertEquals(pid, program.pid);
    program.kill("SIGUSR2");
    const replaced = "note: the new relay has taken over\n";
    await until("the new one", () => program.complained.includes(replaced));
    assertEquals(Number(await Deno.readTextFile(path)), pid);
    using peer = await Peer.connect(address);
    await peer.register("anna");
    await program.stop();
    assertEquals((await program.end()).code, 0);
    assert(!(await namesIn(folder.path)).includes("relay.pid"));
  },
  lacking("signals between programs"),
);

testWith(
  PROGRAMS,
  "a file that can't hold the number stops the relay before it starts",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/none/relay.pid`;
    const flags = [...onFreePort, "--dir", folder.path, "--pid-file", path];
    await using program = Program.launcher(flags);
    const { code, stdout, stderr } = await program.end();
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assert(stderr.startsWith(`error: --pid-file ${path}: `), stderr);
    assertEquals(stderr.split("\n").length, 2);
  },
);
