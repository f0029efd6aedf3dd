/** The input of a console that isn't a tty, as on Windows. */

import { assert, assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import { ConsoleInput } from "../../../client/ui/cli/verb/console_input.ts";
import { platforms } from "../../../shared/platform/platform.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const TEXT = "שלום ä ü 🎉";
/** Resolves once the first read has opened its source. */
const opened = () => new Promise((resolve) => setTimeout(resolve));
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("Ctrl-C among a console's keys is a signal", async () => {
  const source = new EventEmitter();
  const heard: string[] = [];
  const input = new ConsoleInput(
    () => heard.push("end"),
    () => Promise.resolve(source),
  );
  input.isRaw = true;
  const reader = input.readable.getReader();
  const reading = reader.read();
  await opened();
  source.emit("data", bytes(TEXT));
  assertEquals((await reading).value, bytes(TEXT));

  const remove = input.onInterrupt(() => heard.push("listener"));
  source.emit("data", bytes("a\x03b"));
  assertEquals((await reader.read()).value, bytes("ab"));
  assertEquals(heard, ["listener"]);
  remove();
  source.emit("data", bytes("\x03"));
  assertEquals(heard, ["listener", "end"], "no listener is left");
});

Deno.test("Ctrl-Z on a line of its own ends a console's input", async () => {
  const source = new EventEmitter();
  const input = new ConsoleInput(() => {}, () => Promise.resolve(source));
  const reading = new Response(input.readable).text();
  await opened();
  for (const line of ["one\r\n", "two \x1a\r\n", "\x1a\r\n", "late\r\n"]) {
    source.emit("data", bytes(line));
  }
  source.emit("end");
  assertEquals(await reading, "one\r\ntwo \x1a\r\n");
});

testWith(
  LOOPBACK_AND_FILES,
  "the menu edits lines at a console of Windows",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const [anna, ben] = ["anna", "ben"].map((name) =>
      new VerbUser(`${folder.path}/${name}`, relay.address)
    ) as [VerbUser, VerbUser];
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    await anna.do("list");
    const menu = async (...keys: string[]) => {
      const source = new EventEmitter();
      const input = new ConsoleInput(() => {}, () => {
        setTimeout(() =>
          keys.forEach((key) => source.emit("data", bytes(key)))
        );
        return Promise.resolve(source);
      });
      const exits: number[] = [];
      const { stdout } = await runHere(input.readable, [
        ...["menu", "--dir", `${folder.path}/anna`],
      ], {
        platform: platforms.windows,
        keyboard: { setRaw: (isRaw) => input.isRaw = isRaw, columns: 80 },
        onSignal: (signal, listener) =>
          signal === "SIGINT" ? input.onInterrupt(listener) : () => {},
        exit: (code) => {
          exits.push(code);
          source.emit("end");
        },
      });
      assert(!input.isRaw, "the console is as it was");
      return { stdout, exits };
    };

    await t.step("any text arrives as it was typed", async () => {
      const { exits } = await menu(
        "150\r",
        "ben\r",
        `x${TEXT}`,
        "\x1b[H\x1b[3~\r",
        "\x1a",
      );
      assertEquals(exits, []);
      const { data } = await ben.do("pull", "--json");
      assertEquals(data.map(({ text }) => text).filter(Boolean), [TEXT]);
    });

    await t.step("Ctrl-C ends it", async () => {
      assertEquals((await menu("150\r", "\x03")).exits, [130]);
    });
  },
);
