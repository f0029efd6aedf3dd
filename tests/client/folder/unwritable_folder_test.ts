import { assertEquals, assertRejects } from "@std/assert";
import { FolderError, RelayLink, Session } from "../../../client/mod.ts";
import { checkStore } from "../../../client/ui/cli/doctor/folder_checks.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import {
  noSmallDisk,
  type SmallDisk,
  smallDisk,
} from "../../support/stores/small_disk.ts";
import { SHELL, testWith } from "../../support/test_with.ts";

const missing = await noSmallDisk();

/** What becomes of the disk that the folder is on. */
const FAULTS: Record<string, [(disk: SmallDisk) => Promise<void>, RegExp]> = {
  "on a full disk": [(disk) => disk.fill(), /the disk is full/],
  "that is read-only": [(disk) => disk.protect(), /Read-only file system/],
};

for (const [where, [spoil, reason]] of Object.entries(FAULTS)) {
  const name = `what only reads works in a folder ${where}`;
  if (missing !== undefined) {
    Deno.test({ name: `${name} (skipped: ${missing})`, ignore: true, fn() {} });
    continue;
  }
  testWith(SHELL, name, async () => {
    await using disk = await smallDisk(4);
    await using elsewhere = await temporaryFolder();
    await using relay = await testRelay();
    const link = new RelayLink(() => Promise.resolve([relay.address]));
    const open = (who: string) => new Session(`${disk.path}/${who}`, link);
    {
      using anna = open("anna");
      using ben = open("ben");
      await anna.register("anna");
      await ben.register("ben");
      await anna.clients();
      await anna.sendText("ben", "hello");
    }
    await spoil(disk);
    using anna = open("anna");
    const texts = anna.history().map(({ text }) => text)
      .filter((text) => text !== undefined);
    assertEquals(texts, ["hello"]);
    const found = [];
    for await (const { id } of anna.search(/hel/)) found.push(id);
    assertEquals(found.length, 1);
    assertEquals(anna.contacts().map(({ name }) => name), ["ben"]);
    assertEquals(anna.explain(Number(found[0])).text, "hello");
    assertEquals((await anna.identity())?.name, "anna");
    assertEquals((await anna.safetyNumber("ben")).length > 20, true);
    const { messages } = await anna.exportTo(`${elsewhere.path}/anna.export`);
    assertEquals(messages, anna.history().length);
    const { verdict, what } = await checkStore(`${disk.path}/anna`, anna);
    assertEquals([verdict, reason.test(what)], ["error", true]);
    const error = await assertRejects(
      () => anna.sendText("ben", "again"),
      FolderError,
    );
    assertEquals(reason.test(error.message), true, error.message);
    if (where === "that is read-only") return;
    // The session that was open all along goes on.
    await disk.free();
    assertEquals(await anna.retrieve({ problem: () => {} }), 0);
    // It locks no other one out that is started now.
    using other = open("anna");
    await other.sendText("ben", "once more");
    await anna.sendText("ben", "again");
  });
}
