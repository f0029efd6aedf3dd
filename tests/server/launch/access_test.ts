import { assertEquals, assertMatch } from "@std/assert";
import { checkAccess } from "../../../server/store/sqlite/doctor/folder_checks.ts";
import { closeToOthers } from "../../../server/store/sqlite/file/database_file.ts";
import { prepareRestore } from "../../../server/store/sqlite/maintenance/restore.ts";
import { platforms } from "../../../shared/platform/platform.ts";
import { openSqliteStore } from "../../../server/mod.ts";
import { admin } from "../../support/stores/admin.ts";
import { ownersIn, withoutOwners } from "../../support/stores/owners.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, lacking, PROGRAMS, testWith } from "../../support/test_with.ts";

/** The mode of each file in a folder. */
async function modesIn(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name } of Deno.readDir(dir)) {
    const { mode } = await Deno.stat(`${dir}/${name}`);
    found[name] = ((mode ?? 0) & 0o777).toString(8);
  }
  return found;
}

const NAMES = ["", "-lock", "-reserve", "-shm", "-wal"]
  .map((end) => `db.defensive${end}`);
const all = (what: string) =>
  Object.fromEntries(NAMES.map((name) => [name, what]));

testWith(FILES, "what a relay keeps is its owner's alone", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  const path = `${dir}/db.defensive`;
  const notices: string[] = [];
  const notice = (text: string) => notices.push(text);
  let store = await openSqliteStore(path, { notice });
  assertEquals(await modesIn(dir), all("600"));
  await store.close();
  assertEquals(checkAccess(dir), undefined);
  // As older relays made it; then as an owner may want it.
  for (const [mode, becomes, told] of [[0o644, "600", 1], [0o640, "640", 1]]) {
    await Deno.chmod(path, Number(mode));
    assertMatch(
      checkAccess(dir)?.what ?? "",
      /db\.defensive \(6[04]{2}\) can be accessed/,
    );
    store = await openSqliteStore(path, { notice });
    const files = await modesIn(dir);
    assertEquals(files["db.defensive"], becomes);
    assertEquals(files["db.defensive-wal"], becomes);
    assertEquals(notices.length, told);
    await store.close();
  }
  assertMatch(notices[0] ?? "", /open to every user .* mode 600$/);
}, lacking("file modes"));

testWith(FILES, "modes are left alone where they mean nothing", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  const path = `${dir}/db.defensive`;
  const backup = `${dir}/backup`;
  const store = await openSqliteStore(path);
  await store.close();
  await Deno.copyFile(path, backup);
  await Deno.chmod(path, 0o644);
  const notices: string[] = [];
  closeToOthers(path, (text) => notices.push(text), platforms.windows);
  assertEquals(notices, []);
  const address = { scheme: "file", rest: path };
  const { run } = await prepareRestore(address, backup, platforms.windows);
  await run();
  assertEquals((await modesIn(dir))["db.defensive"], "600");
}, lacking("file modes"));

testWith(PROGRAMS, "what root does stays its owner's", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  await Deno.chown(dir, 12345, 12345);
  await using relay = Program.relay(dir, "--port", "0");
  using peer = await Peer.connect(await relay.address());
  await peer.register("anna");
  assertEquals(await ownersIn(dir), [12345]);
  await relay.stop();
  await relay.end();
  const { code } = await admin(dir, "backup", `${dir}/copy`);
  assertEquals(code, 0);
  assertEquals((await modesIn(dir))["copy"], "600");
  assertEquals(await ownersIn(dir), [12345]);
}, await withoutOwners());
