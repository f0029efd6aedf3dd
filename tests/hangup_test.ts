/** Programs that go on, started as by nohup: SIGHUP stays without an effect. */

import { assertEquals } from "@std/assert";
import { Peer } from "../lab/harness/peer.ts";
import { launcherArguments, Program } from "../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../lab/harness/resources.ts";
import { Screen } from "../lab/harness/screen.ts";
import { CHAT_PERMISSIONS, Stage } from "../lab/harness/stage.ts";
import { longTest, SCREENS, SHELL } from "./support/test_with.ts";
import { twoPeople } from "./support/clients/two_people.ts";
import { CLIENT, clientArguments } from "./support/clients/verbs.ts";

/** Runs `deno` as nohup does, which needn't be there. */
const IGNORING = `trap '' HUP; exec "$0" "$@"`;

const ignoring = (...args: string[]) =>
  Program.run("sh", ["-c", IGNORING, Deno.execPath(), ...args]);

const onFreePort = ["--host", "127.0.0.1", "--port", "0"];

longTest(
  SHELL,
  "a relay goes on without the terminal that it was started in",
  async () => {
    await using folder = await temporaryFolder();
    await using relay = ignoring(
      ...launcherArguments([...onFreePort, "--dir", folder.path]),
    );
    const address = await relay.address();
    // The terminal's end reaches both processes.
    const hangUp = `kill -HUP ${relay.pid} $(ps -o pid= --ppid ${relay.pid})`;
    await Program.run("sh", ["-c", hangUp]).end();
    using peer = await Peer.connect(address);
    const anna = await peer.register("anna");
    assertEquals(await peer.send(anna, anna, new Uint8Array(1)), 1);
    relay.kill("SIGTERM");
    assertEquals((await relay.end()).code, 0);
  },
);

longTest(
  SHELL,
  "without nohup a relay stops in good order on SIGHUP",
  async () => {
    await using folder = await temporaryFolder();
    await using relay = Program.launcher([...onFreePort, "--dir", folder.path]);
    await relay.address();
    relay.kill("SIGHUP");
    assertEquals((await relay.end()).code, 0);
  },
);

for (
  const verb of [["pull", "--watch"], ["listen", "--as", "bot", "--auto-ack"]]
) {
  longTest(
    SHELL,
    `${verb[0]} goes on without its terminal, and ends without nohup`,
    async () => {
      await using people = await twoPeople();
      const { anna, folder, relay: { address } } = people;
      const words = clientArguments(
        ...verb,
        ...["--json", "--dir", `${folder.path}/ben`],
        ...["--server", `${address.hostname}:${address.port}`],
      );
      await anna.do("send", "ben", "one");
      await using watcher = ignoring(...words);
      await watcher.prints(/"text":"one"/);
      watcher.kill("SIGHUP");
      await anna.do("send", "ben", "two");
      await watcher.prints(/"text":"two"/);
      watcher.kill("SIGTERM");
      assertEquals((await watcher.end()).code, 143);
      await anna.do("send", "ben", "three");
      await using other = Program.deno(words);
      await other.prints(/"text":"three"/);
      other.kill("SIGHUP");
      assertEquals((await other.end()).code, 129);
    },
  );
}

longTest(SCREENS, "a chat goes on without its terminal's leave", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const { hostname, port } = relay.address;
  await using screen = await Screen.run({ columns: 80, rows: 24 }, [
    ...["sh", "-c", IGNORING, Deno.execPath(), "run", "--quiet"],
    ...[...CHAT_PERMISSIONS, `--allow-run=${Deno.execPath()}`],
    ...[CLIENT, "chat", "--dir", stage.dirOf("anna")],
    ...["--server", `${hostname}:${port}`],
  ]);
  await screen.see("connected");
  await screen.signal("HUP");
  screen.type("/help\r");
  await screen.see("Esc closes");
  screen.type("/quit\r");
  assertEquals((await screen.end()).code, 0);
});
