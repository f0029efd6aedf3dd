/** Relays that a launcher runs, when one of them fails. */

import { assert, assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import { Peer } from "../../../lab/harness/peer.ts";
import { postgresTest } from "../../support/stores/postgres.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  lacking,
  longTest,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";

const onFreePort = ["--host", "127.0.0.1", "--port", "0"];

const causes: Record<string, (dir: string) => Promise<void> | void> = {
  "its folder has another name": (dir) => Deno.rename(dir, `${dir}-moved`),
  "a newer relay has used the store": (dir) => {
    const database = new Database(`${dir}/db.defensive`);
    database.exec("PRAGMA user_version = 99");
    database.close();
  },
};

for (const [cause, make] of Object.entries(causes)) {
  longTest(
    PROGRAMS,
    `the old relay goes on where the new one can't start: ${cause}`,
    async () => {
      await using folder = await temporaryFolder();
      const dir = `${folder.path}/relay`;
      await Deno.mkdir(dir);
      await using program = Program.launcher([...onFreePort, "--dir", dir]);
      const address = await program.address();
      using peer = await Peer.connect(address);
      const anna = await peer.register("anna");
      await make(dir);
      program.kill("SIGUSR2");
      await until(
        "the launcher's complaint",
        () => program.complained.includes("so the old one goes on"),
      );
      assertEquals(await peer.send(anna, anna, new Uint8Array(1)), 1);
      using other = await Peer.connect(address);
      assertEquals(await other.send(anna, anna, new Uint8Array(1)), 2);
      await program.stop();
      assertEquals((await program.end()).code, 0);
    },
    lacking("signals between programs"),
  );
}

testWith(
  PROGRAMS,
  "the launcher ends with its only relay, and says nothing more",
  async () => {
    await using folder = await temporaryFolder();
    await using program = Program.launcher(
      [...onFreePort, "--dir", folder.path, "--db", folder.path],
    );
    const { code, stdout, stderr } = await program.end();
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    assertEquals(stderr.split("\n").length, 2);
  },
);

const shell = (command: string) =>
  new Deno.Command("sh", { args: ["-c", command] }).output();

postgresTest(
  "another worker takes the place of one that is killed",
  async ({ url }) => {
    await using folder = await temporaryFolder();
    await using program = Program.launcher(
      [
        ...onFreePort,
        ...["--dir", folder.path, "--workers", "2"],
        ...["--metrics", "127.0.0.1:0"],
      ],
      { MESSAGEU_STORE: url },
    );
    const address = await program.address();
    const served = (relays: number) =>
      program.prints(new RegExp("^(metrics on [^]*){" + relays + "}$", "m"));
    await served(2);
    const workers = async () => {
      const { stdout } = await shell(`ps -o pid= --ppid ${program.pid}`);
      return new TextDecoder().decode(stdout).trim().split(/\s+/);
    };
    await until("two workers", async () => (await workers()).length === 2);
    const before = await workers();
    await shell(`kill -9 ${before[0]}`);
    await until("another worker", async () => {
      const now = await workers();
      return now.length === 2 && now.some((pid) => !before.includes(pid));
    });
    assert(program.complained.includes("a relay ended with code 137"));
    await served(3);
    using peer = await Peer.connect(address);
    await peer.register("anna");
    await program.stop();
    assertEquals((await program.end()).code, 0);
  },
);
