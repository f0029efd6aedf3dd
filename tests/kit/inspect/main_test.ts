import { assertEquals, assertMatch } from "@std/assert";
import { RelayLink } from "../../../client/link/relay_link.ts";
import { Session } from "../../../client/session/session.ts";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import { anna, join, sent } from "../../support/wire/frames.ts";
import { Peer, writeAll } from "../../../lab/harness/peer.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { lacking, PROGRAMS, testWith } from "../../support/test_with.ts";

const inspect = (...args: string[]) =>
  Program.deno([
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "kit/inspect/main.ts",
    ...args,
  ]);

testWith(
  PROGRAMS,
  "inspect: the frames of client and relay are printed, without problems",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const to = `127.0.0.1:${relay.address.port}`;
    await using program = inspect("--listen", "0", "--to", to);
    const address = await program.address();
    {
      using me = new Session(
        folder.path,
        new RelayLink(() => Promise.resolve(address)),
      );
      await me.register("anna");
      assertEquals(await me.contacts.fetch(), []);
    }
    await program.prints(/2101 clients list: 0 clients/);
    program.kill("SIGINT");
    const { stdout } = await program.end();
    assertMatch(
      stdout,
      /^#1 [\d:.]+ → 600 register: "anna" \(438 bytes\)$/m,
    );
    assertMatch(
      stdout,
      /^#1 [\d:.]+ ← 2100 registered: [0-9a-f]{8}… \(anna\) \(23 bytes\)$/m,
    );
    assertMatch(stdout, /^ {4}17 {2}58 02 +header\.code +600 register$/m);
    assertEquals(/! /.test(stdout), false, stdout);
    // deno-lint-ignore no-control-regex -- no colours but on a terminal
    assertEquals(/\x1b/.test(stdout), false);
  },
);

testWith(
  PROGRAMS,
  "inspect: a signal ends it, and it counts the connections",
  async () => {
    await using relay = await testRelay();
    const to = `127.0.0.1:${relay.address.port}`;
    await using program = inspect("--listen", "0", "--to", to, "--brief");
    {
      using peer = await Peer.connect(await program.address());
      await peer.ask("clientsList", {}, anna);
    }
    await program.prints(/ 601 /);
    program.kill("SIGTERM");
    const { code, stderr } = await program.end();
    assertEquals({ code, stderr }, {
      code: 0,
      stderr: "1 connection passed\n",
    });
  },
  lacking("signals between programs"),
);

testWith(
  PROGRAMS,
  "inspect: brief lines name the clients of all connections",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const to = `127.0.0.1:${relay.address.port}`;
    await using program = inspect("--listen", "0", "--to", to, "--brief");
    const address = await program.address();
    const session = (name: string) =>
      new Session(
        `${folder.path}/${name}`,
        new RelayLink(() => Promise.resolve(address)),
      );
    {
      using ben = session("ben");
      using anna = session("anna");
      await ben.register("ben");
      await anna.register("anna");
      await anna.outbox.sendKey("ben");
    }
    await program.prints(/ 2103 message sent/);
    program.kill("SIGINT");
    const { stdout } = await program.end();
    const lines = stdout.trimEnd().split("\n").slice(1);
    const id = "[0-9a-f]{8}…";
    for (
      const line of [
        `→     438 B  ben        600 register: "ben"`,
        `←      23 B  ben        2100 registered: ${id} \\(ben\\)`,
        `→     172 B  anna       603 send a message: symmetric key, 128 bytes, to ${id} \\(ben\\)`,
        `←      27 B  anna       2103 message sent: message 1 for ${id} \\(ben\\)`,
      ]
    ) assertMatch(stdout, new RegExp(`^#\\d+ +[\\d:.]+ ${line}$`, "m"));
    // Ends and connections have no lines of their own.
    assertEquals(lines.filter((line) => !/ [→←] +\d+ B /.test(line)), []);
  },
);

testWith(
  PROGRAMS,
  "inspect: as JSON each frame is a line, with its bytes and problems",
  async () => {
    await using server = new ScriptedServer();
    const response = encodeResponse({
      code: 2100,
      payload: { clientId: anna },
    });
    server.script = (_, conn) => writeAll(conn, response);
    const to = `127.0.0.1:${server.address.port}`;
    await using program = inspect("--listen", "0", "--to", to, "--json");
    const [, port] = await program.prints(
      /"listening","address":"127\.0\.0\.1:(\d+)"/,
    );
    const request = sent(3, 15);
    {
      using peer = await Peer.connect({
        hostname: "127.0.0.1",
        port: Number(port),
      });
      await peer.write(request);
      await peer.responseBytes();
    }
    await program.prints(/"type":"end"[^]*"type":"end"/);
    program.kill("SIGTERM");
    const { stdout } = await program.end();
    const frames = stdout.trim().split("\n").map((line) => JSON.parse(line))
      .filter(({ type }) => type === "frame");
    const bytesOf = ({ fields }: { fields: { bytes: string }[] }) =>
      join(...fields.map(({ bytes }) => Uint8Array.fromHex(bytes)));
    assertEquals(frames.map(bytesOf), [
      Uint8Array.from(request),
      Uint8Array.from(response),
    ]);
    assertEquals(
      frames.map(({ direction, code, problems }) => [
        direction,
        code,
        problems.map(({ clause }: { clause: string }) => clause),
      ]),
      [["request", 603, ["AES-1"]], ["answer", 2100, ["ANS-3"]]],
    );
  },
);

testWith(
  PROGRAMS,
  "inspect: an invalid command line is reported in a sentence",
  async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const cases: [string[], number, RegExp][] = [
      [[], 2, /^error: --listen is needed, as in .*: see --help\n$/],
      [["--listen", "1"], 2, /^error: --to is needed, as in .*: see --help\n$/],
      [
        ["--listen", "x", "--to", "a:1"],
        2,
        /^error: --listen: expected ADDRESS:PORT/,
      ],
      [
        ["--listen", "0", "--to", "a"],
        2,
        /^error: --to: expected ADDRESS:PORT/,
      ],
      [
        ["--listen", `${taken.addr.port}`, "--to", "127.0.0.1:9"],
        1,
        /^error: Can't listen on 127\.0\.0\.1:\d+: /,
      ],
    ];
    await Promise.all(cases.map(async ([args, expected, message]) => {
      const { code, stderr } = await inspect(...args).end();
      assertEquals(code, expected, stderr);
      assertMatch(stderr, message);
    }));
  },
);
