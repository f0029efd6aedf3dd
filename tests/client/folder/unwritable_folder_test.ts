import { assertEquals, assertRejects } from "@std/assert";
import { FolderError, RelayLink, Session } from "../../../client/mod.ts";
import { exportArchive } from "../../../client/transfer/export_archive.ts";
import { checkStore } from "../../../client/ui/cli/doctor_checks.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import {
  noSmallDisk,
  type SmallDisk,
  smallDisk,
} from "../../support/stores/small_disk.ts";
import { SHELL, testWith } from "../../support/test_with.ts";
import { receive } from "../../support/clients/receiving.ts";

const missing = await noSmallDisk();

/** What becomes of the disk that the folder is on. */
const FAULTS: Record<string, [(disk: SmallDisk) => Promise<void>, RegExp]> = {
  "on a full disk": [(disk) => disk.fill(), /the disk is full/],
  "that is read-only": [
    (disk) => disk.protect(),
    /the file system is read-only/,
  ],
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
      await anna.contacts.fetch();
      await anna.outbox.sendText("ben", "hello");
    }
    await spoil(disk);
    using anna = open("anna");
    const texts = anna.messages.list().map(({ text }) => text)
      .filter((text) => text !== undefined);
    assertEquals(texts, ["hello"]);
    const found = await Array.fromAsync(anna.messages.search(/hel/));
    assertEquals(found.length, 1);
    assertEquals(anna.contacts.all().map(({ name }) => name), ["ben"]);
    assertEquals(found[0] && anna.messages.explain(found[0].id).text, "hello");
    assertEquals((await anna.identity())?.name, "anna");
    assertEquals((await anna.contacts.safetyNumber("ben")).length > 20, true);
    const { messages } = await exportArchive(
      `${disk.path}/anna`,
      anna.store,
      `${elsewhere.path}/anna.export`,
      { passphrase: undefined },
    );
    assertEquals(messages, anna.messages.list().length);
    const { verdict, what } = await checkStore(`${disk.path}/anna`, anna);
    assertEquals([verdict, reason.test(what)], ["error", true]);
    const error = await assertRejects(
      () => anna.outbox.sendText("ben", "again"),
      FolderError,
    );
    assertEquals(reason.test(error.message), true, error.message);
    if (where === "that is read-only") return;
    // The session that was open all along goes on.
    await disk.free();
    assertEquals(await receive(anna, { problem: () => {} }), 0);
    // It locks no other one out that is started now.
    using other = open("anna");
    await other.outbox.sendText("ben", "once more");
    await anna.outbox.sendText("ben", "again");
  });
}
