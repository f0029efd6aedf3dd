import { assertEquals, assertStringIncludes } from "@std/assert";
import { RelayLink, Session } from "../../../client/mod.ts";
import { RelayAddresses } from "../../../client/link/relay_addresses.ts";
import { register } from "../../../client/ui/cli/verb/registration.ts";
import { formatAddress } from "../../../shared/folder/info_files.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

testWith(
  LOOPBACK_AND_FILES,
  "register --server names the relay for all later verbs",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const at = formatAddress(relay.address);
    const dirOf = (name: string) => `${folder.path}/${name}`;
    const fileOf = (name: string) => `${dirOf(name)}/info.server`;

    await t.step("in a new folder", async () => {
      const { stderr } = await new VerbUser(dirOf("anna"), relay.address)
        .do("register", "anna");
      assertEquals(stderr, `${fileOf("anna")} names ${at} from now on\n`);
      assertEquals(await Deno.readTextFile(fileOf("anna")), `${at}\n`);
      const { code, stderr: said } = await new VerbUser(dirOf("anna"))
        .do("list");
      assertEquals(
        [code, said],
        [
          0,
          `No conversation yet; "messageu --dir ${
            dirOf("anna")
          } list --all" lists the other users\n`,
        ],
      );
      assertEquals(await namesIn(dirOf("anna")), [
        "info.me",
        "info.server",
        "info.store",
      ]);
    });

    await t.step("in place of another one, which it says", async () => {
      await Deno.mkdir(dirOf("ben"));
      await Deno.writeTextFile(`${dirOf("ben")}/server.info`, "127.0.0.1:1");
      const { stderr } = await new VerbUser(dirOf("ben"), relay.address)
        .do("register", "ben");
      assertEquals(
        stderr,
        `${fileOf("ben")} names ${at} from now on, in place of 127.0.0.1:1\n`,
      );
      await new VerbUser(dirOf("ben")).do("send", "anna", "hi");
    });

    await t.step("among several that the folder names already", async () => {
      const several = `127.0.0.1:1\n${at}\n`;
      await Deno.mkdir(dirOf("carl"));
      await Deno.writeTextFile(fileOf("carl"), several);
      const { stderr } = await new VerbUser(dirOf("carl"), relay.address)
        .do("register", "carl");
      assertEquals(stderr, "");
      assertEquals(await Deno.readTextFile(fileOf("carl")), several);
    });

    await t.step("a file that can't be read stays", async () => {
      await Deno.mkdir(dirOf("dora"));
      await Deno.writeTextFile(fileOf("dora"), "nowhere\n");
      const { stderr } = await new VerbUser(dirOf("dora"), relay.address)
        .do("register", "dora");
      assertStringIncludes(stderr, `${fileOf("dora")} can't be used: line 1`);
      assertStringIncludes(stderr, `give --server ${at} each time`);
      assertEquals(await Deno.readTextFile(fileOf("dora")), "nowhere\n");
    });

    await t.step("an import does the same", async () => {
      const archive = `${folder.path}/archive`;
      await new VerbUser(dirOf("anna")).do("export", "--unencrypted", archive);
      await new VerbUser(dirOf("moved"), relay.address).do("import", archive);
      assertEquals(await Deno.readTextFile(fileOf("moved")), `${at}\n`);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "only a registration says that no relay is named",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const link = new RelayLink(() => Promise.resolve(relay.address));
    using session = new Session(dir, link);
    const said: string[] = [];
    const none = new RelayAddresses(dir, undefined);
    await register(session, none, "anna", (text) => said.push(text));
    assertEquals(said, [`No info.server in ${dir}: using 127.0.0.1:1357`]);
    assertEquals(
      await Deno.readTextFile(`${dir}/info.server`),
      "127.0.0.1:1357\n",
    );
    // Asks 127.0.0.1:1357, where most likely nothing is.
    const { stderr } = await new VerbUser(dir).run("", "list");
    assertEquals(stderr.includes("No info.server"), false, stderr);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a registration that fails leaves no folder that it made",
  async () => {
    await using folder = await temporaryFolder();
    const nowhere = { hostname: "127.0.0.1", port: 1 };
    const made = new VerbUser(`${folder.path}/made`, nowhere);
    assertEquals((await made.run("", "register", "anna")).code, 3);
    await Deno.mkdir(`${folder.path}/own`);
    const own = new VerbUser(`${folder.path}/own`, nowhere);
    assertEquals((await own.run("", "register", "anna")).code, 3);
    assertEquals(await namesIn(folder.path), ["own"]);
  },
);
