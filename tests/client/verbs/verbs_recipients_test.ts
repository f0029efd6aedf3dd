import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RelayLink, Session } from "../../../client/mod.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

/** Users of one relay, by their names. */
async function users<N extends string>(
  folder: string,
  address: { hostname: string; port: number },
  ...names: N[]
): Promise<Record<N, VerbUser>> {
  const users: Record<string, VerbUser> = {};
  for (const name of names) {
    const user = users[name] = new VerbUser(`${folder}/${name}`, address);
    await user.do("register", name);
  }
  return users as Record<N, VerbUser>;
}

async function texts(user: VerbUser): Promise<unknown[]> {
  const { data } = await user.do("pull", "--json");
  return data.filter(({ kind }) => kind === "text").map(({ text }) => text);
}

testWith(
  LOOPBACK_AND_FILES,
  "a text goes to each name of a list, and each result is reported",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { anna, bob, carol, "Doe, John": john } = await users(
      folder.path,
      relay.address,
      ...["anna", "bob", "carol", "Doe, John"] as const,
    );

    await t.step("to all", async () => {
      const { stderr } = await anna.do("send", "bob,carol", "hi");
      assertEquals(stderr.match(/^Sent .+$/gm), [
        "Sent to bob, as message 1",
        "Sent to carol, as message 2",
      ]);
      const { data } = await anna.do("send", "carol, bob", "you", "--json");
      assertEquals(
        data.map(({ type, contact, text }) => [type, contact, text]),
        [["sent", "carol", "you"], ["sent", "bob", "you"]],
      );
      for (const user of [bob, carol]) {
        assertEquals(await texts(user), ["hi", "you"]);
      }
    });

    await t.step("to each once, and to names with commas", async () => {
      await anna.do("send", "bob,Doe, John,bob", "once");
      await anna.do("send", "Doe, John", "alone");
      assertEquals(await texts(bob), ["once"]);
      assertEquals(await texts(john), ["once", "alone"]);
    });

    await t.step("to the others, if one is unknown", async () => {
      const { code, stderr, data } = await anna.run(
        "",
        ...["send", "zoe,carol", "still", "--json"] as const,
      );
      assertEquals([code, data.length], [5, 1]);
      const error = JSON.parse(stderr.split("\n")[0] ?? "");
      assertEquals([error.code, error.contact], ["unknown-contact", "zoe"]);
      assertEquals(await texts(carol), ["still"]);
    });

    await t.step("with 1 for failures that differ", async () => {
      await anna.do("contact", "bob", "--blocked", "yes");
      const { code, stderr } = await anna.run("", "send", "bob,zoe,carol", "x");
      assertEquals(code, 1);
      assertStringIncludes(stderr, 'no other client called "zoe"');
      assertStringIncludes(stderr, "Sent to carol");
      assertEquals(await texts(carol), ["x"]);
      assertEquals(await texts(bob), []);
    });

    await t.step("to none, if a name is empty", async () => {
      const { code, stderr } = await anna.run("", "send", "carol,,bob", "x");
      assertEquals(code, 1);
      assertStringIncludes(stderr, 'error: A name is empty in "carol,,bob"');
      assertEquals(await texts(carol), []);
    });

    await t.step("lines, until one fails", async () => {
      const { code } = await anna.run(
        "one\ntwo\n",
        ...["send", "carol,zoe", "-", "--lines"] as const,
      );
      assertEquals([code, await texts(carol)], [5, ["one"]]);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a stranger's name takes nothing that is meant for others",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { anna, bob } = await users(
      folder.path,
      relay.address,
      ...["anna", "bob"] as const,
    );
    const { data } = await anna.do("list", "--all", "--json");
    const [{ id: bobsId }] = data;
    const { "bob,carol": list, [bobsId]: id } = await users(
      folder.path,
      relay.address,
      ...["bob,carol", bobsId],
    );
    const link = new RelayLink(() => relay.address);
    using blank = new Session(`${folder.path}/blank`, link);
    await blank.register(" bob");
    await anna.do("list", "--all");
    // Registered last, so that the folder doesn't know it yet.
    const { carol } = await users(folder.path, relay.address, "carol");

    const { code, stderr } = await anna.run("", "send", "bob,carol", "secret");
    assertEquals(code, 1);
    assertStringIncludes(
      stderr,
      `"bob,carol" is one contact's name, and "bob" another's`,
    );
    const [, listId = ""] = /send to ([0-9a-f]{32}) if/.exec(stderr) ?? [];
    await anna.do("send", listId, "for one");
    await anna.do("send", "carol, bob", "for two");
    await anna.do("send", bobsId, "for bob");
    assertEquals(await texts(bob), ["for two", "for bob"]);
    assertEquals(await texts(carol), ["for two"]);
    assertEquals(await texts(list as VerbUser), ["for one"]);

    // What the stranger is called here leads to the stranger.
    await (id as VerbUser).do("send", "anna", "hello");
    const pulled = await anna.do("pull", "--json");
    const { contact } = pulled.data.find(({ kind }) => kind === "text");
    await anna.do("send", contact, "who are you?");
    assertEquals(await texts(id as VerbUser), ["who are you?"]);
    assertEquals(await texts(bob), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "standard input goes to each name of a list as a file",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { anna, bob, carol } = await users(
      folder.path,
      relay.address,
      ...["anna", "bob", "carol"] as const,
    );
    const content = "a file".repeat(100_000);
    const { code, stderr } = await anna.run(
      content,
      ...["send-file", "zoe,bob,carol", "-"] as const,
    );
    assertEquals(code, 5, stderr);
    for (const user of [bob, carol]) {
      const { data } = await user.do("pull", "--json");
      const { path } = data.find(({ kind }) => kind === "file");
      assertEquals(await Deno.readTextFile(path), content);
      await Deno.remove(path);
    }
    const kept = await namesIn(`${folder.path}/anna/info.store/piped`);
    assertEquals(kept, [], "each copy goes once it is sent");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what couldn't be sent is kept for each name of a list",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { anna } = await users(
      folder.path,
      relay.address,
      ...["anna", "bob", "carol"] as const,
    );
    await anna.do("list", "--all");
    const away = new VerbUser(`${folder.path}/anna`, {
      hostname: "127.0.0.1",
      port: 1,
    });
    const { code, stderr } = await away.run("", "send", "bob,carol,zoe", "hi");
    assertEquals(code, 3, stderr);
    for (const [id, name] of [[1, "bob"], [2, "carol"]]) {
      assertStringIncludes(stderr, `kept as message ${id} to ${name}: `);
      await anna.do("resend", `${id}`);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "completion proposes the last name of a list",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { anna } = await users(
      folder.path,
      relay.address,
      ...["anna", "bob", "carol"] as const,
    );
    await anna.do("list", "--all");
    const { stdout } = await runHere("", [
      ...["complete", "bash", "send", "--dir", `${folder.path}/anna`],
      "bob,c",
    ]);
    assert(stdout.startsWith("bob,carol\t"), stdout);
  },
);
