/**
 * Whether the bot on docs/library.md works in a project as the page describes
 * it. `deno test --doc` runs the page's other examples.
 */

import { assert } from "@std/assert";
import { RelayLink, Session } from "../../client/mod.ts";
import { fencedBlocks, readPage } from "../../lab/harness/pages.ts";
import { Program, ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../lab/harness/resources.ts";
import { until } from "../../lab/harness/until.ts";
import { PROGRAMS, testWith } from "../support/test_with.ts";

testWith(PROGRAMS, "the bot on the page answers every text", async () => {
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  const blocks = fencedBlocks(await readPage("docs/library.md"));
  const find = (word: string) =>
    blocks.find(({ text }) => text.includes(word))?.text ?? "";
  const bot = find("while (true)");
  const lines = bot.trimEnd().split("\n").length;
  assert(lines <= 15, `${lines} lines`);
  const command = find("bot.ts");

  const { port } = relay.address;
  const here = (text: string) => text.replaceAll("1357", `${port}`);
  const write = (name: string, text: string) =>
    Deno.writeTextFile(`${folder.path}/${name}`, text);
  const root = ROOT.replaceAll("\\", "/");
  await write("deno.json", find("links").replace("../messageu", root));
  await write("bot.ts", here(bot));
  await using program = Program.deno(
    ["run", "--no-prompt", ...here(command).trim().split(" ").slice(2)],
    folder.path,
  );

  const link = new RelayLink(() => relay.address);
  using anna = new Session(`${folder.path}/anna`, link);
  await anna.register("anna");
  await until("the bot's registration", async () => {
    assert(!/^error/m.test(program.complained), program.complained);
    return (await anna.contacts.fetch()).includes("echo");
  });
  await anna.outbox.sendText("echo", "Is anyone there?");
  const texts: (string | undefined)[] = [];
  await until("the bot's answer", async () => {
    for await (const event of anna.pull()) {
      if (event.kind === "message") texts.push(event.message.text);
    }
    return texts.includes("Echo: Is anyone there?");
  });
});
