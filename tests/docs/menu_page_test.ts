/** Whether the session on docs/menu.md is what relay and client print. */

import { assertEquals } from "@std/assert";
import { fencedBlocks, readPage } from "../../lab/harness/pages.ts";
import { ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../lab/harness/resources.ts";
import { ConsoleClient } from "../support/clients/console.ts";
import { lacking, TERMINALS, testWith } from "../support/test_with.ts";

testWith(
  TERMINALS,
  "the session on the page is what the programs print",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { port } = relay.address;
    const start = (name: string) =>
      ConsoleClient.start(
        "--dir",
        `${folder.path}/${name}`,
        "--server",
        `127.0.0.1:${port}`,
      );
    await using anna = await start("anna");
    await using ben = await start("ben");
    await anna.choose("110", "anna");
    await ben.choose("110", "ben");
    await ben.choose("120");
    await ben.choose("152", "anna");
    await ben.choose("150", "anna", "Hello Anna! שלום 🎉");
    await ben.choose("153", "anna", `${ROOT}LICENSE`);
    const received = await anna.choose("140");
    const saved = /Content:\n(.+messageu-.+)\n/.exec(received)?.[1] ?? "";
    await Deno.remove(saved);
    await anna.choose("150", "ben", "Got it, thank you.");
    await ben.choose("140");
    for (const client of [anna, ben]) {
      client.type("0");
      await client.exitCode();
    }
    // Started without --server, it would say which relay it takes.
    const named = /^.*\/(\w+)\/info\.server names .*$/m;
    const printed = (client: ConsoleClient) =>
      withoutRepeatedMenus(client.output)
        .replace(named, "No info.server in $1: using 127.0.0.1:1357")
        .replaceAll(saved, "/tmp/messageu-5f0c3a9e1b7d2486")
        .replaceAll(`${ROOT}LICENSE`, "LICENSE");
    const [annas, bens] = fencedBlocks(await readPage("docs/menu.md"))
      .map(({ text }) => text)
      .filter((text) => text.includes("at your service"))
      .map((text) => text.replace(/^Task .*\n/, ""));
    assertEquals(printed(anna), annas);
    assertEquals(printed(ben), bens);
  },
  lacking("pseudo-terminals"),
);

/** The menu comes back after each choice; the page shows it once. */
function withoutRepeatedMenus(output: string): string {
  const menu = /MessageU client at your service\.\n.*?0\) Exit client\n/gs;
  let count = 0;
  return output.replace(menu, (text) => count++ === 0 ? text : "");
}
