import { assertEquals, assertStringIncludes } from "@std/assert";
import { cacheFolder, Program, ROOT } from "../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../lab/harness/resources.ts";
import { SHELL, testWith } from "../support/test_with.ts";
import { makeStore, someInboxes } from "../support/stores/made_store.ts";

/** Changes the user; here it runs as the user of the tests. */
const AS_RELAY = "runuser -u messageu -- ";

testWith(
  SHELL,
  "systemd's messageu-admin works in the current folder",
  async () => {
    await using folder = await temporaryFolder();
    const store = `${folder.path}/store`;
    const here = `${folder.path}/here`;
    const script = `${folder.path}/messageu-admin`;
    await Deno.mkdir(here);
    await Deno.mkdir(store);
    await makeStore(store, someInboxes);
    let text = await Deno.readTextFile(`${ROOT}deploy/systemd/messageu-admin`);
    const places = {
      [AS_RELAY]: "",
      "/opt/deno/cache": await cacheFolder(),
      "/opt/deno/deno": Deno.execPath(),
      "/opt/messageu/": ROOT,
      "/var/lib/messageu": store,
      "/etc/messageu": `${folder.path}/etc`,
    };
    for (const [written, used] of Object.entries(places)) {
      assertStringIncludes(text, written);
      text = text.replaceAll(written, used);
    }
    await Deno.writeTextFile(script, text);
    await using admin = Program.run("sh", [script, "backup", "monday"], here);
    const { code, stdout, stderr } = await admin.end();
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, "wrote monday: 3 users");
    assertEquals(await namesIn(here), ["monday"]);
    // The key lies in the relay's folder also where the store is a database.
    await Deno.mkdir(`${folder.path}/etc`);
    await Deno.writeTextFile(`${folder.path}/etc/store`, "postgres://nowhere");
    await using key = Program.run("sh", [script, "key", "--new"], here);
    assertStringIncludes((await key.end()).stdout, "mu://HOST:1358/");
    assertEquals((await namesIn(store)).includes("relay.key"), true);
  },
);
