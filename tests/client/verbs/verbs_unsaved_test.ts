import { assertEquals, assertStringIncludes } from "@std/assert";
import { asClientId } from "../../../shared/wire/field_types.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";
import { twoPeople } from "../../support/clients/two_people.ts";
import { jsonLines, VerbUser } from "../../support/clients/verbs.ts";
import { withTemporary } from "../../../lab/harness/program.ts";

testWith(
  PROGRAMS,
  "a verb that can't save or read something says so once and ends with 1",
  async (t) => {
    await using stage = await twoPeople();
    const { anna, ben, folder, relay } = stage;
    const without = new VerbUser(
      `${folder.path}/ben`,
      relay.address,
      withTemporary(`${folder.path}/missing`),
    );
    const file = `${folder.path}/file`;
    await Deno.writeTextFile(file, "content");

    await t.step("files that there is no place for", async () => {
      for (let i = 0; i < 2; i++) await anna.do("send-file", "ben", file);
      const verbs = [
        ["pull"],
        ["listen", "--as", "bot", "--auto-ack", "--once"],
      ];
      for (const [verb = "", ...args] of verbs) {
        const ended = await without.run("", verb, "--json", ...args);
        assertEquals(ended.code, 1, ended.stderr);
        const errors = jsonLines(ended.stderr);
        assertEquals(errors.map(({ type }) => type), ["error"]);
        assertStringIncludes(errors[0].message, "Can't save a received file");
      }
      const { code, data } = await ben.run("", "pull", "--json");
      assertEquals([code, data.map(({ kind }) => kind)], [0, ["file", "file"]]);
      for (const { path } of data) await Deno.remove(path);
    });

    await t.step("messages that no key opens", async () => {
      using peer = await Peer.connect(relay.address);
      const stranger = await peer.register("mallory");
      const [{ id }] = (await ben.do("whoami", "--json")).data;
      for (let i = 0; i < 2; i++) {
        const bytes = crypto.getRandomValues(new Uint8Array(16));
        await peer.send(stranger, asClientId(Uint8Array.fromHex(id)), bytes);
      }
      const { code, stderr } = await ben.run("", "pull");
      assertEquals(code, 1);
      assertEquals(stderr.match(/^error: .*/gm), [
        "error: Messages that no key opens for certain: 2 from mallory",
      ]);
      assertStringIncludes(stderr, "request-key NAME");
      assertStringIncludes(stderr, "mallory was asked for the key");
      // It was told.
      assertEquals((await ben.run("", "pull")).code, 0);
    });

    await t.step("keys are asked for and sent", async () => {
      const asked = await ben.do("request-key", "anna", "--json");
      assertEquals(asked.data[0].kind, "keyRequest");
      const { stderr } = await anna.do("pull");
      assertStringIncludes(stderr, "The key was sent again");
      const sent = await anna.do("send-key", "ben", "--new", "--json");
      assertEquals(sent.data[0].kind, "key");
      const { data } = await ben.do("pull", "--json");
      assertEquals(data.map(({ kind }) => kind), ["key", "key"]);
    });
  },
);
