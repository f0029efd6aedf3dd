/** The verb that prints and renews a relay's key. */

import {
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { adminPermissions } from "../../../server/admin/launch.ts";
import { readRelayKey } from "../../../server/secure/port/relay_key.ts";
import {
  formatKey,
  parseRelayLine,
} from "../../../shared/secure/relay_line.ts";
import { admin } from "../../support/stores/admin.ts";
import { FILES, testWith } from "../../support/test_with.ts";

const HOST = ["--name", "relay.example.org"];

testWith(FILES, "key prints the line of the relay's secure port", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  assertEquals(await admin(path, "key"), {
    code: 1,
    stdout: "",
    stderr:
      `error: There is no ${path}/relay.key: the relay makes it at its first start, or messageu-admin key --new\n`,
  });
  assertEquals(await namesIn(path), []);
  const made = await admin(path, "key", "--new", ...HOST);
  assertEquals(made.stderr, `made ${path}/relay.key: keep a copy of it\n`);
  const { key, ...address } = parseRelayLine(made.stdout.trimEnd());
  assertEquals(address, { hostname: "relay.example.org", port: 1358 });
  assertEquals((await readRelayKey(`${path}/relay.key`))?.publicKey, key);
  assertEquals(await admin(path, "key", ...HOST), {
    code: 0,
    stdout: made.stdout,
    stderr: "",
  });
  // Where nothing names the host, the user has to.
  await Deno.writeTextFile(`${path}/info.myport`, "2000");
  const { stdout, stderr } = await admin(path, "key");
  assertEquals(stdout, `mu://HOST:2001/${formatKey(key)}\n`);
  assertStringIncludes(stderr, "in the place of HOST");
  const other = await admin(path, "key", "--secure-port", "443", ...HOST);
  assertEquals(other.stdout, `mu://relay.example.org:443/${formatKey(key)}\n`);
});

testWith(FILES, "a key is renewed in two steps", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  const key = (...flags: string[]) => admin(path, "key", ...HOST, ...flags);
  const { stdout: first } = await key("--new");
  const none = await key("--switch", "--yes");
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, `There is no ${path}/relay.key.next: `);
  const { stdout: both } = await key("--new");
  assertEquals(both.slice(0, first.length), first);
  const next = both.slice(first.length);
  assertEquals(parseRelayLine(next.trimEnd()).port, 1358);
  assertNotEquals(next, first);
  assertEquals((await key()).stdout, both);
  const again = await key("--new");
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "There is a next key already");
  const switched = await key("--switch", "--yes");
  assertEquals(switched.stdout, next);
  assertStringIncludes(switched.stderr, "the relay shows this key once it is");
  assertEquals(await namesIn(path), ["relay.key"]);
  assertEquals((await key("--new", "--switch")).code, 2);
});

testWith(FILES, "key needs the relay's folder and no store", async () => {
  await using folder = await temporaryFolder();
  const flags = await adminPermissions(["key", "--dir", folder.path]);
  assertEquals(flags, [
    `--allow-read=${folder.path}`,
    `--allow-write=${folder.path}`,
    "--allow-sys=statfs",
  ]);
  const { code, stderr } = await admin(folder.path, "stats", ...HOST);
  assertEquals(code, 2);
  assertEquals(stderr, "error: --name isn't for stats: see --help\n");
});
