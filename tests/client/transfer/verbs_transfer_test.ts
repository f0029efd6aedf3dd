import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { assertMode } from "../../support/file_mode.ts";
import { longTest, PROGRAMS } from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

longTest(
  PROGRAMS,
  "a client moves to another folder with all that it knows",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const env = { TMPDIR: `${folder.path}/tmp` };
    await Deno.mkdir(env.TMPDIR);
    const user = (name: string) =>
      new VerbUser(`${folder.path}/${name}`, relay.address, env);
    const [anna, ben] = [user("anna"), user("ben")];
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    const sent = `${folder.path}/sent`;
    const bytes = Uint8Array.from({ length: 2_500_000 }, (_, i) => i * i >> 3);
    await Deno.writeFile(sent, bytes);
    await anna.do("send", "ben", "a text");
    await anna.do("send-file", "ben", sent);
    await Deno.writeFile(sent, new Uint8Array(0));
    await anna.do("send-file", "ben", sent);
    const { data: received } = await ben.do("pull", "--json");
    await ben.do("send", "anna", "an answer");
    await ben.do("listen", "--as", "bot", "--auto-ack", "--once");
    const archive = `${folder.path}/ben.archive`;

    await t.step("export makes a whole file for its owner alone", async () => {
      const { data: [told], stderr } = await ben.do(
        "export",
        "--unencrypted",
        archive,
        "--json",
      );
      assertEquals(told, {
        type: "export",
        path: archive,
        messages: 5,
        files: 2,
        missing: 0,
      });
      assertStringIncludes(stderr, "private key");
      await assertMode(archive, 0o600);
      const again = await ben.run("", "export", "--unencrypted", archive);
      assertEquals(again.code, 1);
      assertStringIncludes(again.stderr, "nothing is written over");
      const names = (await namesIn(folder.path)).join();
      assert(!names.includes(".part"), names);
    });

    await t.step("import takes all of it over", async () => {
      // What was received is in the archive, not only where it was saved.
      await Deno.remove(env.TMPDIR, { recursive: true });
      const moved = user("moved");
      const { data: [told] } = await moved.do("import", archive, "--json");
      assertEquals([told.name, told.messages, told.files], ["ben", 5, 2]);
      assertEquals(
        (await moved.do("whoami")).stdout,
        (await ben.do("whoami")).stdout,
      );
      const { data: history } = await moved.do("history", "--json");
      const unmoved = (
        message: { path: string | null; direction: string },
      ) => ({
        ...message,
        path: message.direction === "in" && message.path !== null,
      });
      assertEquals(
        history.map(unmoved),
        (await ben.do("history", "--json")).data.map(unmoved),
      );
      const [large, empty] = history.filter(({ kind }) => kind === "file");
      assertEquals(await Deno.readFile(large.path), bytes);
      assertEquals((await Deno.readFile(empty.path)).length, 0);
      assertEquals(await namesIn(`${folder.path}/moved`), [
        "info.me",
        "info.server",
        "info.store",
      ]);
      const { stdout } = await moved.do("listen", "--as", "bot", "--once");
      assertEquals(stdout, "", "what was acknowledged stays so");
      // The keys are there: both ways without a new one.
      await anna.do("send", "ben", "are you there?");
      await moved.do("send", "anna", "yes");
      assertMatch(
        (await moved.do("pull")).stdout,
        /from anna: are you there\?/,
      );
      const answers = (await anna.do("pull", "--json")).data;
      assertEquals(answers.map(({ kind }) => kind), ["text", "text"]);
      const twice = await moved.run("", "import", archive);
      assertEquals(twice.code, 1);
      assertStringIncludes(twice.stderr, "You are registered already");
    });

    await t.step("what is no archive, or damaged, leaves nothing", async () => {
      const damaged = `${folder.path}/damaged`;
      const content = await Deno.readFile(archive);
      for (
        const bad of [
          new TextEncoder().encode("no archive"),
          content.subarray(0, content.length / 2),
          content.map((byte, i) => i > 8192 && i < 20_000 ? 0 : byte),
        ]
      ) {
        await Deno.writeFile(damaged, bad);
        const { code, stderr } = await user("fresh").run("", "import", damaged);
        assertEquals(code, 1, stderr);
        assertStringIncludes(stderr, "can't be imported");
        assert(!(await namesIn(folder.path)).includes("fresh"));
      }
    });

    await t.step("killed at any moment: nothing usable or all", async () => {
      const outcomes = new Set<string>();
      for (let i = 0; i < 8; i++) {
        const dir = `${folder.path}/killed-${i}`;
        const killed = new VerbUser(dir, relay.address, {});
        const program = killed.start("import", archive);
        await new Promise((resolve) => setTimeout(resolve, 30 + 8 * i));
        await program[Symbol.asyncDispose]();
        const { code, data } = await killed.run("", "history", "--json");
        outcomes.add(`${code}: ${data.length}`);
        if (code !== 0) {
          await killed.do("import", archive);
          assertEquals(
            (await namesIn(dir)).join(),
            "info.me,info.server,info.store",
          );
        }
      }
      for (const outcome of outcomes) {
        assert(["7: 0", "0: 5"].includes(outcome), outcome);
      }
    });

    await t.step("conversations with their files, to be read", async () => {
      const moved = user("moved");
      const to = `${folder.path}/read`;
      await moved.do("export", to, "--format", "jsonl", "--json");
      const names = await namesIn(to);
      const file = names.find((name) => name.endsWith(".jsonl")) ?? "";
      assertMatch(file, /^anna-[0-9a-f]{32}\.jsonl$/);
      const lines = (await Deno.readTextFile(`${to}/${file}`)).trimEnd()
        .split("\n").map((line) => JSON.parse(line));
      assertEquals(
        lines.map(({ text, kind }) => text ?? kind),
        ["key", "a text", "file", "file", "an answer", "yes", "are you there?"],
      );
      assertEquals(names.length, 2);
      assertEquals(await Deno.readFile(`${to}/${lines[2].file}`), bytes);
      const again = await moved.run("", "export", to, "--format", "jsonl");
      assertEquals(again.code, 1);
      await moved.do("export", to, "--format", "text", "--with", "anna")
        .catch((error) => assertStringIncludes(`${error}`, "exists"));
      await moved.do("export", `${to}-text`, "--format", "text");
      const [text = ""] = (await namesIn(`${to}-text`)).filter((name) =>
        name.endsWith(".txt")
      );
      assertMatch(
        await Deno.readTextFile(`${to}-text/${text}`),
        /from anna: a text$/m,
      );
    });
    assertEquals(received.length, 4);
  },
);
