import { assert, assertEquals, assertMatch } from "@std/assert";
import { formatAddress } from "../../../shared/folder/info_files.ts";
import { Forwarder } from "../../support/relays/forwarder.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";
import { texts } from "../../support/clients/two_people.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

testWith(PROGRAMS, "verbs take whichever relay is there", async (t) => {
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  await using one = new Forwarder(relay.address);
  await using other = new Forwarder(relay.address);
  const dir = `${folder.path}/anna`;
  const anna = new VerbUser(dir);
  const ben = new VerbUser(`${folder.path}/ben`, relay.address);
  const at = (...doors: { address: typeof relay.address }[]) =>
    doors.map(({ address }) => formatAddress(address));
  const doctor = async () => {
    const { code, data } = await anna.run("", "doctor", "--json");
    const of = (subject: string) =>
      data.filter((check) => check.subject === subject);
    return { code, address: of("address"), relays: of("relay") };
  };
  await Deno.mkdir(dir, { mode: 0o700 });
  await Deno.writeTextFile(
    `${dir}/info.server`,
    `${at(one, other).join("\r\n\r\n")}\r\n`,
  );
  await anna.do("register", "anna");
  await ben.do("register", "ben");
  await ben.do("send", "anna", "first");

  await t.step("doctor looks at each of them", async () => {
    const { code, address, relays } = await doctor();
    assertEquals(code, 0);
    assertEquals(
      address[0].what,
      `${at(one, other).join(", ")}, from info.server`,
    );
    assertEquals(
      relays.map(({ verdict, what }) => `${verdict} ${what.split(": ")[0]}`),
      at(one, other).map((where) => `ok ${where}`),
    );
  });

  await t.step("a watch goes on when its relay dies", async () => {
    const before = one.connections;
    await using watch = anna.start("pull", "--watch", "--json");
    await watch.prints(/"text":"first"/);
    (one.connections > before ? one : other).kill();
    await ben.do("send", "anna", "second");
    await watch.prints(/"text":"second"/);
    watch.kill("SIGTERM");
    const { stdout, stderr } = await watch.end();
    assertEquals(texts(stdout), ["first", "second"]);
    assertEquals(stderr, "");
    await anna.do("send", "ben", "third");
  });

  await t.step("doctor names the one that is gone", async () => {
    const { code, relays } = await doctor();
    assertEquals(code, 0);
    assertEquals(
      relays.map(({ verdict }) => verdict).sort(),
      ["ok", "warning"],
    );
  });

  await t.step("--server takes several too, with commas", async () => {
    const { stdout } = await anna.do(
      "list",
      "--json",
      "--server",
      at(one, other, relay).join(","),
    );
    assertEquals(JSON.parse(stdout).name, "ben");
    const bad = await anna.run("", "list", "--server", "127.0.0.1:1,b");
    assertEquals(bad.code, 2);
    assertMatch(bad.stderr, /expected ADDRESS:PORT.*"b"/);
  });

  await t.step("where none is left, all are named", async () => {
    one.kill();
    other.kill();
    const { code, stderr } = await anna.run("", "send", "ben", "fourth");
    assertEquals(code, 3);
    for (const where of at(one, other)) assert(stderr.includes(where), stderr);
    assert(!stderr.includes("    at "), stderr);
    const { code: checked, relays } = await doctor();
    assertEquals(checked, 1);
    assertEquals(relays.map(({ verdict }) => verdict), ["error", "error"]);
  });

  await t.step("a bad line is told with its number", async () => {
    await Deno.writeTextFile(
      `${dir}/info.server`,
      `${at(relay)[0]}\n\nnowhere\n`,
    );
    const { code, stderr } = await anna.run("", "send", "ben", "fifth");
    assertEquals(code, 1);
    assert(
      stderr.includes(`${dir}/info.server can't be used: line 3: expected`),
      stderr,
    );
    const { code: checked, address, relays } = await doctor();
    assertEquals(checked, 1);
    assertEquals(address[0].verdict, "error");
    assertEquals(relays, []);
  });
});
