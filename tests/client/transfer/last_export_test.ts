/** When a folder's user is reminded to make an archive. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  exportReminder,
  lastExport,
  rememberExport,
} from "../../../client/transfer/last_export.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import {
  FILES,
  lacking,
  longTest,
  SCREENS,
  testWith,
} from "../../support/test_with.ts";

const DAY = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY);
const age = async (path: string, days: number) =>
  await Deno.utime(path, daysAgo(days), daysAgo(days));

testWith(FILES, "a reminder comes after a month, and once a week", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  assertEquals(await exportReminder(dir), undefined, "no identity");
  await Deno.writeTextFile(`${dir}/info.me`, "");
  await age(`${dir}/info.me`, 29);
  assertEquals(await exportReminder(dir), undefined, "a new user");
  await age(`${dir}/info.me`, 31);
  const first = await exportReminder(dir);
  assertStringIncludes(`${first}`, "in this folder alone");
  assertEquals(await exportReminder(dir), undefined, "reminded just now");

  await rememberExport(dir);
  assertEquals((await lastExport(dir)).isOld, false);
  assertEquals(await exportReminder(dir), undefined, "exported just now");
  const times = async (exported: number, reminded: number) =>
    await Deno.writeTextFile(
      `${dir}/info.exported`,
      JSON.stringify({
        exported: daysAgo(exported),
        reminded: daysAgo(reminded),
      }),
    );
  await times(40, 6);
  assertEquals(await exportReminder(dir), undefined, "reminded this week");
  await times(40, 8);
  assert((await lastExport(dir)).isOld);
  assertStringIncludes(`${await exportReminder(dir)}`, "Your last archive is");
  assertEquals(await exportReminder(dir), undefined);
  await Deno.writeTextFile(`${dir}/info.exported`, "nonsense");
  assertStringIncludes(`${await exportReminder(dir)}`, "alone");
});

longTest(SCREENS, "chat reminds its user when it ends", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  await age(`${stage.dirOf("anna")}/info.me`, 31);
  await using screen = await stage.chat("anna", { columns: 100, rows: 24 });
  await screen.see("connected");
  assert(!screen.raw.includes("makes an archive"));
  screen.type("/quit\r");
  await screen.see("makes an archive");
  assertEquals(await screen.end(), { code: 0, restored: true });
}, lacking("pseudo-terminals"));
