import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  lacking,
  longTest,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";
import { idOf, texts, twoPeople } from "../../support/clients/two_people.ts";
import {
  execCommand,
  INPUT,
  PRINTING,
} from "../../support/clients/exec_command.ts";
import { until } from "../../../lab/harness/until.ts";
import { jsonLines, VerbUser } from "../../support/clients/verbs.ts";

longTest(
  PROGRAMS,
  "a consumer gets what it hasn't acknowledged, also after a crash",
  async () => {
    await using people = await twoPeople();
    const { anna, ben } = people;
    await anna.run("one\ntwo\nthree\n", "send", "ben", "-", "--lines");
    await using first = ben.start("listen", "--as", "bot", "--json");
    const one = await idOf(first, "one");
    await idOf(first, "three");
    await first.type(`nonsense\n\n999\n${one}\n`);
    await until("the acknowledgement", async () => {
      const { data: [known] } = await ben.do("explain", `${one}`, "--json");
      return known.acks.length === 1;
    });
    first.kill("SIGKILL");
    const { stderr } = await first.end();
    assertStringIncludes(stderr, "nonsense");
    assertStringIncludes(stderr, "999");

    await using second = ben.start("listen", "--as", "bot", "--json");
    const two = await idOf(second, "two");
    const three = await idOf(second, "three");
    await second.type(`${two}\n${three}`);
    await second.endInput();
    const ended = await second.end();
    assertEquals([ended.code, texts(ended.stdout)], [0, ["two", "three"]]);

    // The key that came first wasn't acknowledged by anybody.
    const listen = (name: string, ...flags: string[]) =>
      ben.do("listen", "--as", name, ...flags, "--json");
    const rest = await listen("bot", "--once");
    assertEquals(rest.data.map(({ kind }) => kind), ["key"]);
    const replayed = await listen("bot", "--replay");
    assertEquals(texts(replayed.stdout), ["one", "two", "three"]);
    const other = await listen("other", "--auto-ack", "--once");
    assertEquals(texts(other.stdout), ["one", "two", "three"]);
    const now = new Date().toISOString();
    await anna.do("send", "ben", "four");
    const since = await listen("late", "--since", now);
    assertEquals(texts(since.stdout), ["four"]);
    const again = await listen("other", "--auto-ack", "--once");
    assertEquals(texts(again.stdout), ["four"]);
  },
);

longTest(
  PROGRAMS,
  "a command that fails leaves its message to be handed out again",
  async () => {
    await using people = await twoPeople();
    const { anna, ben } = people;
    await anna.run("good\nbad\n", "send", "ben", "-", "--lines");
    const listen = ["listen", "--as", "bot", "--once", "--exec"] as const;
    const failed = await ben.run(
      "",
      ...listen,
      execCommand(`Deno.exit(${INPUT} === 'good' ? 0 : 1)`),
    );
    assertEquals(failed.code, 1);
    assertStringIncludes(failed.stderr, "the command ended with 1");
    const rest = await ben.do(...listen, PRINTING);
    assertEquals(rest.stdout, "bad");
    assertEquals((await ben.do(...listen, PRINTING)).stdout, "");
  },
);

longTest(
  PROGRAMS,
  "watchers, listeners and senders in one folder: nothing twice, nothing lost",
  async () => {
    await using people = await twoPeople();
    const { anna, ben } = people;
    const watch = () => ben.start("pull", "--watch", "--json");
    const listen = (name: string) =>
      ben.start("listen", "--as", name, "--auto-ack", "--json");
    await using watcher = watch();
    await using watcher2 = watch();
    await using bot = listen("bot");
    await using other = listen("other");
    const expected = Array.from({ length: 30 }, (_, i) => `text ${i}`);
    const toBen = anna.run(expected.join("\n"), "send", "ben", "-", "--lines");
    // Ben writes at the same time, from two programs.
    const back = ["x", "y"].map((name) =>
      ben.run(`${name}1\n${name}2\n${name}3`, "send", "anna", "-", "--lines")
    );
    for (const { code, stderr } of await Promise.all([toBen, ...back])) {
      assertEquals(code, 0, stderr);
    }
    for (const listener of [bot, other]) await idOf(listener, "text 29");
    await until("all to be shown", async () => {
      const { data } = await ben.do("list", "--offline", "--json");
      return data[0].unread === 0;
    });
    for (const program of [watcher, watcher2, bot, other]) {
      program.kill("SIGTERM");
    }
    const ended = await Promise.all(
      [watcher, watcher2, bot, other].map((program) => program.end()),
    );
    for (const { code, stderr } of ended) {
      assertEquals([code, stderr], [143, ""]);
    }
    const [shown, shown2, handed, handed2] = ended.map(({ stdout }) =>
      texts(stdout)
    );
    assertEquals(handed, expected);
    assertEquals(handed2, expected);
    const both = [...shown ?? [], ...shown2 ?? []];
    assertEquals(both.toSorted(), expected.toSorted());
    const received = await anna.do("pull", "--json");
    assertEquals(
      texts(received.stdout).toSorted(),
      ["x1", "x2", "x3", "y1", "y2", "y3"],
    );
  },
  lacking("signals between programs"),
);

longTest(
  PROGRAMS,
  "a watch says once that the relay is gone, and that it is back",
  async () => {
    await using people = await twoPeople();
    const { relay, folder } = people;
    const user = async (name: string) => {
      // Unlike a flag the file is read anew for each request.
      const { hostname, port } = relay.address;
      const path = `${folder.path}/${name}/info.server`;
      await Deno.writeTextFile(path, `${hostname}:${port}`);
      return new VerbUser(`${folder.path}/${name}`);
    };
    const anna = await user("anna");
    const ben = await user("ben");
    await using watcher = ben.start("pull", "--watch", "--json");
    await anna.do("send", "ben", "before");
    await idOf(watcher, "before");
    await relay.restart();
    await until(
      "the relay to be missed",
      () => watcher.complained.includes("Trying again"),
    );
    await user("anna");
    await anna.do("send", "ben", "after");
    await user("ben");
    await idOf(watcher, "after");
    watcher.kill("SIGINT");
    const { code, stderr } = await watcher.end();
    assertEquals(code, 130);
    const said = jsonLines(stderr).map(({ type, code, message }) =>
      code ?? `${type}: ${message}`
    );
    assertEquals(said, [
      "connection",
      "note: Trying again until it responds",
      "note: The relay is back",
    ]);
  },
  lacking("signals between programs"),
);

testWith(
  PROGRAMS,
  "at the end of its input a listener asks the relay once more",
  async () => {
    await using people = await twoPeople();
    const { anna, ben } = people;
    await anna.do("send", "ben", "before");
    await using listener = ben.start("listen", "--as", "bot", "--json");
    await idOf(listener, "before");
    await anna.do("send", "ben", "late");
    await listener.endInput();
    const { code, stdout } = await listener.end();
    assertEquals([code, texts(stdout)], [0, ["before", "late"]]);
  },
);

testWith(
  PROGRAMS,
  "a file that can't be read doesn't keep a command from the others",
  async () => {
    await using people = await twoPeople();
    const { anna, ben, folder } = people;
    const path = `${folder.path}/file`;
    await Deno.writeTextFile(path, "content");
    await anna.do("send-file", "ben", path);
    await anna.do("send-file", "ben", path);
    await anna.do("send", "ben", "after");
    const { data } = await ben.do("pull", "--json");
    const [first, second] = data.filter(({ kind }) => kind === "file");
    await Deno.remove(first.path);
    await Deno.mkdir(first.path);
    await Deno.remove(second.path);
    const listen = [
      "listen",
      "--as",
      "bot",
      "--once",
      "--exec",
      PRINTING,
    ] as const;
    for (const expected of ["after", ""]) {
      const { code, stdout, stderr } = await ben.run("", ...listen);
      assertEquals([code, stdout], [1, expected]);
      assertStringIncludes(stderr, `Message ${first.id}: its file`);
      assertStringIncludes(stderr, `Message ${second.id}: its file`);
    }
    await Deno.remove(first.path);
  },
);
