import { assertEquals, assertStringIncludes } from "@std/assert";
import { namesIn } from "../../../lab/harness/resources.ts";
import {
  lacking,
  longTest,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";
import { texts, twoPeople } from "../../support/clients/two_people.ts";
import { until } from "../../../lab/harness/until.ts";

longTest(
  PROGRAMS,
  "whoever is stopped ends though nobody reads what it prints",
  async (t) => {
    await using people = await twoPeople();
    const { anna, ben } = people;
    // More than a pipe takes.
    const long = "long ".repeat(400_000);
    await anna.do("send", "ben", "first");
    await anna.run(`${long}\nlast`, "send", "ben", "-", "--lines");

    await t.step("a watch, which keeps others from showing", async () => {
      await using watcher = ben.start("pull", "--watch", "--json");
      await watcher.prints(/"text":"first"/);
      const other = await ben.run("", "pull", "--json");
      assertEquals([other.code, other.stdout], [1, ""]);
      assertStringIncludes(other.stderr, "Another client in this folder");
      watcher.kill("SIGTERM");
      assertEquals(await watcher.exitCode(), 143);
    });
    await t.step("a listener", async () => {
      const flags = ["--as", "bot", "--auto-ack", "--json"];
      await using listener = ben.start("listen", ...flags);
      await listener.prints(/"text":"first"/);
      listener.kill("SIGINT");
      assertEquals(await listener.exitCode(), 130);
    });
    await t.step("what wasn't read comes again", async () => {
      const shown = await ben.do("pull", "--json");
      assertEquals(texts(shown.stdout), [long, "last"]);
      const flags = ["--as", "bot", "--auto-ack", "--once", "--json"];
      const handed = await ben.do("listen", ...flags);
      // The first may have been written and not acknowledged yet.
      assertEquals(texts(handed.stdout).slice(-2), [long, "last"]);
    });
  },
  lacking("signals between programs"),
);

testWith(PROGRAMS, "a second signal doesn't wait for a command", async () => {
  await using people = await twoPeople();
  const { anna, ben, folder } = people;
  await anna.do("send", "ben", "one");
  const go = `${folder.path}/go`;
  const done = `${folder.path}/done`;
  await using listener = ben.start(
    "listen",
    "--as",
    "bot",
    "--exec",
    `echo begun; exec >/dev/null 2>&1
     until [ -e '${go}' ]; do sleep 0.01; done; touch '${done}'`,
  );
  await listener.prints(/begun/);
  let code: number | undefined;
  const ending = listener.exitCode().then((ended) => code = ended);
  await until("the end", () => {
    try {
      listener.kill("SIGTERM");
    } catch {
      // It has ended, and that is about to be known.
    }
    return code !== undefined;
  });
  assertEquals(await ending, 143);
  await Deno.writeTextFile(go, "");
  await until(
    "the command's end",
    async () => (await namesIn(folder.path)).includes("done"),
  );
  const again = await ben.do("listen", "--as", "bot", "--once", "--json");
  assertEquals(texts(again.stdout), ["one"]);
}, lacking("signals between programs"));
