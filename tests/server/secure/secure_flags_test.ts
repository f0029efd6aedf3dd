import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { relayPermissions } from "../../../server/launch/relay_permissions.ts";
import { readServerOptions } from "../../../server/options.ts";
import { lineToPassOn } from "../../../server/secure/port/printed_line.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { FILES, testWith } from "../../support/test_with.ts";

testWith(
  FILES,
  "the secure port is the legacy one plus 1 unless a flag says otherwise",
  async () => {
    await using folder = await temporaryFolder();
    const read = (...args: string[]) =>
      readServerOptions(["--dir", folder.path, ...args]);
    const cases: [args: string[], port: number, isDefault: boolean][] = [
      [[], 1358, true],
      [["--port", "2000"], 2001, true],
      [["--port", "0"], 0, false],
      [["--port", "0", "--secure-port", "1"], 1, false],
      [["--secure-port", "0"], 0, false],
      [["--secure-port", "443"], 443, false],
    ];
    for (const [args, port, isDefault] of cases) {
      const { secure, warnings } = await read(...args);
      assertEquals(secure, { port, isDefault, name: undefined }, `${args}`);
      assertEquals(warnings, []);
    }
    assertEquals((await read("--secure-port", "off")).secure, undefined);
    for (
      const args of [["--port", "65535"], ["--metrics", "127.0.0.1:1358"]]
    ) {
      const { secure, warnings } = await read(...args);
      assertEquals(secure, undefined);
      assertMatch(`${warnings}`, /is no free port of this relay, so it has no/);
    }
    for (const port of ["1357", "1360"]) {
      await assertRejects(
        () => read("--metrics", "127.0.0.1:1360", "--secure-port", port),
        UsageError,
        `--secure-port: ${port} is no free port of this relay: take another one`,
      );
    }
    await assertRejects(() => read("--secure-port", "on"), UsageError);
    await assertRejects(
      () => read("--port", "0", "--name", "relay.example.org:443"),
      UsageError,
      "--name has the port 443, but the secure port is any free one",
    );
  },
);

testWith(FILES, "a name is a host, with or without a port", async () => {
  await using folder = await temporaryFolder();
  const nameOf = async (name: string) =>
    (await readServerOptions(["--dir", folder.path, "--name", name])).secure
      ?.name;
  const host = { hostname: "relay.example.org" };
  assertEquals(await nameOf("relay.example.org"), host);
  assertEquals(await nameOf("relay.example.org:443"), { ...host, port: 443 });
  assertEquals(await nameOf("2001:db8::1"), { hostname: "2001:db8::1" });
  assertEquals(await nameOf("[2001:db8::1]"), { hostname: "2001:db8::1" });
  assertEquals(await nameOf("[2001:db8::1]:2"), {
    hostname: "2001:db8::1",
    port: 2,
  });
  for (
    const wrong of ["", "a b", "a/b", "ö.example", "a:", "a:99999", "mu://a"]
  ) {
    await assertRejects(
      () => nameOf(wrong),
      UsageError,
      `--name: expected HOST or HOST:PORT, such as relay.example.org, got ${
        JSON.stringify(wrong)
      }`,
    );
  }
});

testWith(FILES, "the launcher gives the relay its secure port", async () => {
  await using folder = await temporaryFolder();
  const net = async (...args: string[]) => {
    const flags = ["--dir", folder.path, "--port", "1234", ...args];
    return (await relayPermissions(flags))
      .find((flag) => flag.startsWith("--allow-net="));
  };
  assertEquals(await net(), "--allow-net=0.0.0.0:1234,0.0.0.0:1235");
  assertEquals(
    await net("--secure-port", "443", "--host", "::1"),
    "--allow-net=[::1]:1234,[::1]:443",
  );
  assertEquals(await net("--secure-port", "off"), "--allow-net=0.0.0.0:1234");
});

Deno.test("the line has a host where one is known", () => {
  const key = new Uint8Array(32).fill(9);
  const end = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk";
  const at = (hostname: string) => ({ hostname, port: 1358, key });
  for (const hostname of ["127.0.0.1", "localhost", "10.0.0.1"]) {
    assertEquals(lineToPassOn(at(hostname)), {
      line: `mu://${hostname}:1358/${end}`,
    });
  }
  assertEquals(lineToPassOn(at("::1")), { line: `mu://[::1]:1358/${end}` });
  for (const hostname of ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]) {
    const { line, advice } = lineToPassOn(at(hostname));
    assertEquals(line, `mu://HOST:1358/${end}`);
    assertMatch(`${advice}`, /in the place of HOST; with --name/);
    assertEquals(
      lineToPassOn(at(hostname), { hostname: "relay.example.org" }),
      { line: `mu://relay.example.org:1358/${end}` },
    );
  }
  assertEquals(
    lineToPassOn(at("127.0.0.1"), { hostname: "::1", port: 443 }),
    { line: `mu://[::1]:443/${end}` },
  );
});
