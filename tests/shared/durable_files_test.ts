import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import {
  move,
  onceClosed,
  openPrivateSync,
  restrictSync,
  syncContent,
  syncFolder,
} from "../../shared/folder/durable_files.ts";
import { platforms } from "../../shared/platform/platform.ts";
import { assertRejectsWith } from "../support/system_errors.ts";
import { FILES, lacking, testWith } from "../support/test_with.ts";

const { linux, windows } = platforms;

testWith(FILES, "a volume that can't sync refuses nothing", async () => {
  await using folder = await temporaryFolder();
  using file = await Deno.create(`${folder.path}/file`);
  await syncContent(file);
  // Its driver refuses a sync with EINVAL.
  using device = await Deno.open("/dev/null", { write: true });
  await assertRejects(() => device.sync());
  await syncContent(device);
}, lacking("file modes"));

testWith(FILES, "other errors of a sync are reported", async () => {
  await using folder = await temporaryFolder();
  const file = await Deno.create(`${folder.path}/file`);
  file.close();
  await assertRejects(() => syncContent(file), Deno.errors.BadResource);
});

testWith(FILES, "a folder is synced only where the system can", async () => {
  await syncFolder("no-such-folder", windows);
  await assertRejectsWith("ENOENT", () => syncFolder("no-such-folder", linux));
});

testWith(FILES, "modes are set only where they mean something", () => {
  restrictSync("no-such-file", 0o600, windows);
});

testWith(
  FILES,
  "an open file is waited for only where the system requires it",
  async () => {
    await using folder = await temporaryFolder();
    // A mode of 0500 wouldn't hold root back, nor Windows.
    const busy = Object.assign(new Error("It is open"), { code: "EBUSY" });
    let attempts = 0;
    const openAtFirst = async () => {
      if (++attempts < 3) throw busy;
      await Deno.writeTextFile(`${folder.path}/file`, "text");
    };
    await onceClosed(openAtFirst, windows);
    assertEquals(attempts, 3);
    attempts = 0;
    await assertRejects(() => onceClosed(openAtFirst, linux), Error, "open");
  },
);

testWith(
  FILES,
  "a file is replaced that another reader closes meanwhile",
  async () => {
    await using folder = await temporaryFolder();
    const [from, to] = [`${folder.path}/new`, `${folder.path}/old`];
    await Deno.writeTextFile(from, "new");
    await Deno.writeTextFile(to, "old");
    const reader = await Deno.open(to);
    const moved = move(from, to);
    // The first attempt has failed by then, or the system has replaced the file.
    await Deno.stat(folder.path);
    reader.close();
    await moved;
    assertEquals(await Deno.readTextFile(to), "new");
  },
);

testWith(FILES, "a link that leads nowhere is no file", async () => {
  await using folder = await temporaryFolder();
  const link = `${folder.path}/link`;
  await Deno.symlink(`${folder.path}/missing`, link);
  assertThrows(() => openPrivateSync(link), Error, "a missing file");
}, lacking("symbolic links"));
