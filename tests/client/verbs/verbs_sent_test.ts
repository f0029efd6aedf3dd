import { assert, assertEquals, assertMatch } from "@std/assert";
import { Program, ROOT, withTemporary } from "../../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { lacking, longTest, SHELL, stepWith } from "../../support/test_with.ts";
import { installClient, VerbUser } from "../../support/clients/verbs.ts";

longTest(SHELL, "what was sent is done, whoever hears of it", async (t) => {
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  const anna = new VerbUser(`${folder.path}/anna`, relay.address);
  const ben = new VerbUser(
    `${folder.path}/ben`,
    relay.address,
    withTemporary(folder.path),
  );
  await anna.do("register", "anna");
  await ben.do("register", "ben");
  await installClient(folder.path, "client", "--dir", `${folder.path}/anna`);
  const { hostname, port } = relay.address;
  const shell = (script: string) =>
    Program.run("sh", ["-c", script], ROOT, {
      client: `${folder.path}/client`,
      at: `--server ${hostname}:${port}`,
    }).end();
  const received = async () =>
    (await ben.do("pull", "--json")).data.flatMap(({ text }) => text ?? []);

  await anna.do("send", "ben", "zero");
  assertEquals(await received(), ["zero"]);

  await t.step("nobody reads standard output", async () => {
    const { stderr } = await shell(
      `{ "$client" send ben one --json $at; echo "code $?" >&2; } | :`,
    );
    assertEquals(stderr, "code 0\n");
    assertEquals(await received(), ["one"]);
  });

  await t.step("nor while lines are sent: each of them is", async () => {
    const { stderr } = await shell(
      `{ printf 'a\\nb\\nc\\n' | "$client" send ben - --lines --json $at; echo "code $?" >&2; } | :`,
    );
    assertEquals(stderr, "code 0\n");
    assertEquals(await received(), ["a", "b", "c"]);
  });

  const full = lacking("/dev/full");
  await stepWith(t, "standard error can't be written", async () => {
    const { stdout } = await shell(
      `"$client" send ben two $at 2>/dev/full; echo "code $?"`,
    );
    assertEquals(stdout, "code 0\n");
    assertEquals(await received(), ["two"]);
    const large = `${folder.path}/large`;
    await Deno.writeFile(large, new Uint8Array(2 * 1024 * 1024));
    const file = await shell(
      `"$client" send-file ben '${large}' $at 2>/dev/full; echo "code $?"`,
    );
    assertEquals(file.stdout, "code 0\n");
  }, full);

  await stepWith(t, "standard output can't be written", async () => {
    const { stderr } = await shell(
      `"$client" send ben three --json $at >/dev/full; echo "code $?" >&2`,
    );
    assertMatch(stderr, /Message \d+ was sent, but .*\n?.*code 1\n$/s);
    assert(!stderr.includes("kept"), stderr);
    assertEquals(await received(), ["three"]);
  }, full);

  await t.step("what was sent isn't kept to be sent again", async () => {
    const { data } = await anna.do("history", "--limit", "1", "--json");
    const again = await anna.run("", "resend", String(data[0].id));
    assertEquals(again.code, 1);
    assert(!again.stderr.includes("kept"), again.stderr);
    const away = new VerbUser(`${folder.path}/anna`, {
      hostname: "127.0.0.1",
      port: 1,
    });
    const lost = await away.run("", "send", "ben", "lost");
    assertMatch(lost.stderr, /It is kept as message \d+/);
  });

  await t.step("a menu that nobody reads ends quietly", async () => {
    const { stderr } = await shell(
      `{ echo 110 | "$client" menu $at; echo "code $?" >&2; } | :`,
    );
    assertEquals(stderr, "code 0\n");
  });
});
