import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ClientStore } from "../../../client/store/store.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

testWith(
  LOOPBACK_AND_FILES,
  "list shows conversations, and contact names, marks and deletes them",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { hostname, port } = relay.address;
    const as = (who: string) => async (...words: string[]) => {
      const dir = `${folder.path}/${who}`;
      const flags = ["--dir", dir, "--server", `${hostname}:${port}`];
      return await runHere("", [...words, ...flags]);
    };
    const [anna, ben, carol] = [as("anna"), as("ben"), as("carol")];
    await anna("register", "anna");
    await ben("register", "ben");
    await carol("register", "carol");

    assertEquals(await anna("list"), {
      code: 0,
      stdout: "",
      stderr:
        `No conversation yet; "messageu --dir ${folder.path}/anna list --all" lists the other users\n`,
    });
    assertEquals((await anna("list", "--all")).stdout, "ben\ncarol\n");
    await ben("send", "anna", "hi");
    await anna("pull");
    assertEquals((await anna("list")).stdout, "ben\n");

    const named = await anna(
      ...["contact", "ben", "--alias", "Benny", "--muted", "yes"],
    );
    assertEquals(named.stdout, "Benny\tben at the relay, muted\n");
    assertEquals((await anna("list")).stdout, named.stdout);
    const shown = JSON.parse((await anna("contact", "Benny", "--json")).stdout);
    assertMatch(shown.id, /^[0-9a-f]{32}$/);
    assertEquals(shown, {
      type: "contact",
      name: "Benny",
      id: shown.id,
      unread: 0,
      lastTime: shown.lastTime,
      keyChanged: false,
      relayName: "ben",
      conversation: true,
      blocked: false,
      muted: true,
    });
    for (const name of ["Benny", "ben", shown.id]) {
      assertEquals((await anna("send", name, `to ${name}`)).code, 0, name);
      assertMatch((await anna("history", name)).stdout, /from Benny: hi\n/);
      assertMatch(
        (await anna("search", "hi", "--with", name)).stdout,
        /: hi$/m,
      );
    }
    assertMatch(
      (await ben("pull")).stdout,
      /to Benny\n.*to ben\n.*to [0-9a-f]/,
    );
    const taken = await anna("contact", "carol", "--alias", "Benny");
    assertEquals(taken.code, 1);
    assertStringIncludes(taken.stderr, `"Benny" is another contact's name`);

    await anna("contact", "Benny", "--blocked", "yes");
    await ben("send", "anna", "dropped");
    assertEquals((await anna("pull")).stdout, "");
    const blocked = await anna("send", "ben", "x");
    assertEquals(blocked.code, 1);
    assertStringIncludes(blocked.stderr, 'You have blocked "Benny"');
    const free = await anna(
      ...["contact", "Benny", "--blocked", "no", "--muted", "no"],
      ...["--alias", ""],
    );
    assertEquals(free.stdout, "ben\n");

    const asked = await anna("contact", "ben", "--delete");
    assertEquals([asked.code, asked.stdout], [1, ""]);
    assertStringIncludes(
      asked.stderr,
      "Nothing is deleted yet: 5 messages with",
    );
    assertEquals((await anna("contact", "ben", "--yes")).code, 2);
    await anna("contact", "ben", "--delete", "--yes");
    assertEquals((await anna("history")).stdout, "");
    assertEquals((await anna("list")).stdout, "");
    assertEquals((await anna("contact", "zoe")).code, 5);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "keep-history limits what pull leaves in the folder",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { hostname, port } = relay.address;
    const anna = async (...words: string[]) =>
      await runHere("", [
        ...[...words, "--dir", `${folder.path}/anna`],
        ...["--server", `${hostname}:${port}`],
      ]);
    await anna("register", "anna");
    await runHere("", [
      ...["register", "ben", "--dir", `${folder.path}/ben`],
      ...["--server", `${hostname}:${port}`],
    ]);
    await anna("send", "ben", "hi");
    assertEquals((await anna("config", "keep-history", "0d")).code, 2);
    await anna("config", "keep-history", "1d");
    await anna("pull");
    assertMatch((await anna("history")).stdout, /to ben: hi$/m);
    await Deno.writeTextFile(
      `${folder.path}/anna/info.settings`,
      '{ "keep-history": "soon" }',
    );
    const wrong = await anna("pull");
    assertEquals(wrong.code, 8);
    assertStringIncludes(wrong.stderr, "info.settings, line 1, column");
    await anna("config", "keep-history", "1d");
    const store = ClientStore.open(`${folder.path}/anna`);
    const older = "UPDATE messages SET written = written - 90000000";
    store.database.run(older);
    store.close();
    await anna("pull");
    assertEquals((await anna("history")).stdout, "");
  },
);
