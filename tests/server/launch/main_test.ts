import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes";
import { Database } from "@db/sqlite";
import config from "../../../deno.json" with { type: "json" };
import { relayPermissions } from "../../../server/launch/relay_permissions.ts";
import { HELP, readServerOptions } from "../../../server/options.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  FILES,
  lacking,
  longTest,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";

/** Where the relay's own modules are: its writer's thread reads them anew. */
const SOURCE = ROOT.replace(/.$/, "");

const onFreePort = (dir: string) =>
  ["--dir", dir, "--host", "127.0.0.1", "--port", "0"] as const;

const withoutSignals = lacking("signals between programs");

/** What stops a relay in good order, and why it can't do so here. */
const STOPS: Record<
  string,
  [(relay: Program) => void | Promise<void>, string | undefined]
> = {
  "on SIGTERM": [(relay) => relay.kill("SIGTERM"), withoutSignals],
  "on SIGINT": [(relay) => relay.kill("SIGINT"), withoutSignals],
  "once its input ends": [(relay) => relay.stop(), undefined],
};

for (const [when, [stop, missing]] of Object.entries(STOPS)) {
  testWith(PROGRAMS, `the relay stops in good order ${when}`, async () => {
    await using folder = await temporaryFolder();
    await using program = Program.relay(folder.path, "--port", "0");
    const address = await program.address();
    using peer = await Peer.connect(address);
    const anna = await peer.register("anna");
    using busy = await Peer.connect(address);
    const request = encodeRequest(
      "sendMessage",
      { target: anna, type: 3, content: new Uint8Array(100) },
      { clientId: anna },
    );
    // Half of it goes out with another request: once that one is answered the
    // relay has begun to read this one.
    const list = encodeRequest("clientsList", {}, { clientId: anna });
    await busy.write(concat([list, request.subarray(0, 30)]));
    assertEquals((await busy.response()).code, 2101);
    await stop(program);
    assertEquals(await peer.responseBytes(), null);
    await busy.write(request.subarray(30));
    assertEquals((await busy.response()).code, 2103);
    const { code, stdout } = await program.end();
    assertEquals(code, 0);
    assertMatch(stdout, /^listening on .*\nmu:\/\/127\.0\.0\.1:\d+\/.*\n$/);
    // A store that was closed leaves no log beside it.
    const left = ["", "-lock", "-reserve"].map((end) => `db.defensive${end}`);
    assertEquals(await namesIn(folder.path), [...left, "relay.key"]);
    const database = new Database(`${folder.path}/db.defensive`);
    const row = database.prepare<{ n: number }>(
      "SELECT count(*) AS n FROM messages",
    ).get();
    database.close();
    assertEquals(row?.n, 1);
  }, missing);
}

testWith(
  PROGRAMS,
  "the launcher starts the relay and passes signals on",
  async () => {
    await using folder = await temporaryFolder();
    await using program = Program.launcher(onFreePort(folder.path));
    using peer = await Peer.connect(await program.address());
    assertEquals((await peer.register("anna")).length, 16);
    program.kill("SIGTERM");
    const { code } = await program.end();
    assertEquals(code, 0);
    assertEquals(await peer.responseBytes(), null);
  },
  withoutSignals,
);

testWith(
  FILES,
  "the launcher gives the relay its folder and its ports, no more",
  async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const allowing = (...folders: string[]) => [
      `--allow-read=${[...folders, SOURCE]}`,
      `--allow-write=${folders}`,
    ];
    assertEquals(await relayPermissions(onFreePort(folder.path)), [
      ...allowing(folder.path),
      "--allow-net=127.0.0.1:0",
      "--allow-sys=statfs",
    ]);
    const dir = ["--dir", folder.path, "--port", "1234"];
    const db = ["--db", `${other.path}/relay.db`];
    assertEquals(await relayPermissions([...dir, ...db]), [
      ...allowing(folder.path, other.path),
      "--allow-net=0.0.0.0:1234,0.0.0.0:1235",
      "--allow-sys=statfs",
    ]);
    const url = "postgres://relay:secret@db.example.org/messageu";
    assertEquals(await relayPermissions([...dir, "--store", url]), [
      ...allowing(folder.path),
      "--allow-net=0.0.0.0:1234,0.0.0.0:1235,db.example.org:5432",
      "--allow-env=MESSAGEU_STORE,PG*,USER,NODE_PG_FORCE_NATIVE",
      "--allow-sys=statfs",
    ]);
    const metrics = ["--metrics", "[::1]:9100"];
    assertEquals(await relayPermissions([...dir, ...metrics]), [
      ...allowing(folder.path),
      "--allow-net=0.0.0.0:1234,0.0.0.0:1235,[::1]:9100",
      "--allow-sys=statfs",
    ]);
    await assertRejects(
      () => relayPermissions([...dir, "--db", `${other.path}/a,b/c`]),
      UsageError,
      "holds a comma",
    );
  },
);

testWith(
  PROGRAMS,
  "the launcher starts a relay in a folder by way of a link to it",
  async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const link = `${other.path}/link`;
    await Deno.symlink(folder.path, link);
    await using program = Program.launcher(onFreePort(link));
    using peer = await Peer.connect(await program.address());
    assertEquals((await peer.register("anna")).length, 16);
    await program.stop();
    assertEquals((await program.end()).code, 0);
    assertEquals((await namesIn(folder.path)).includes("db.defensive"), true);
  },
  lacking("symbolic links"),
);

testWith(
  PROGRAMS,
  "a relay can't write outside the folder that the launcher gave it",
  async () => {
    await using folder = await temporaryFolder();
    await using elsewhere = await temporaryFolder();
    const flags = onFreePort(folder.path);
    await using program = Program.deno([
      "run",
      "--no-prompt",
      ...await relayPermissions(flags),
      `${ROOT}server/main.ts`,
      ...flags,
      "--db",
      `${elsewhere.path}/db.defensive`,
    ]);
    const { code, stderr } = await program.end();
    assertEquals(code, 1);
    assertStringIncludes(stderr, "error: Can't use the database");
  },
);

testWith(
  PROGRAMS,
  "another server's database is taken over by the program too",
  async () => {
    await using folder = await temporaryFolder();
    const database = new Database(`${folder.path}/defensive.db`);
    database.exec(
      `CREATE TABLE clients (ID BLOB PRIMARY KEY, UserName TEXT, PublicKey BLOB, LastSeen TEXT);
    CREATE TABLE messages (ID INTEGER PRIMARY KEY AUTOINCREMENT, ToClient BLOB, FromClient BLOB, Type INTEGER, Content BLOB);
    INSERT INTO clients VALUES (randomblob(16), 'old-timer', randomblob(160), '');`,
    );
    database.close();
    await using program = Program.launcher(onFreePort(folder.path));
    using peer = await Peer.connect(await program.address());
    const anna = await peer.register("anna");
    const list = await peer.ask("clientsList", {}, anna);
    assert(list.code === 2101);
    assertEquals(list.payload.map(({ name }) => name), ["old-timer"]);
    await program.stop();
    const { stderr } = await program.end();
    assertStringIncludes(
      stderr,
      `note: took over 1 user(s) and 0 message(s) from ${folder.path}/defensive.db`,
    );
  },
);

longTest(
  PROGRAMS,
  "what can't be done is said in a sentence, without a stack trace",
  async () => {
    await using folder = await temporaryFolder();
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    try {
      const { port } = taken.addr;
      await Deno.writeTextFile(
        `${folder.path}/broken`,
        "no database ".repeat(99),
      );
      const cases: [string[], number, string][] = [
        [
          ["--port", `${port}`],
          1,
          `error: 127.0.0.1:${port} is in use: stop the other program (if it was stopped just now, wait a minute), or take another port with --port\n`,
        ],
        [
          ["--port", "0", "--db", `${folder.path}/broken`],
          1,
          `error: Can't use the database ${folder.path}/broken: it is damaged (file is not a database): keep copies of FILE and FILE-wal; then restore a backup, without that log, or save what can be saved with \`sqlite3 FILE .recover\`\n`,
        ],
        [
          ["--port", "99999"],
          2,
          'error: --port: expected a port from 0 to 65535, got "99999"\n',
        ],
        [
          ["--metrics", "9100"],
          2,
          'error: --metrics: expected ADDRESS:PORT, such as 127.0.0.1:1357, got "9100"\n',
        ],
        [
          ["--port", "0", "--metrics", `127.0.0.1:${port}`],
          1,
          `error: Can't serve metrics on 127.0.0.1:${port}: it is in use. Take another address with --metrics\n`,
        ],
        [
          ["--store", "mysql://relay:secret@127.0.0.1/messageu"],
          2,
          "error: --store: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, where %2F stands for a / and %40 for an @ in a password\n",
        ],
        [
          ["--store", "postgres://127.0.0.1/a", "--db", "b"],
          2,
          "error: --db and --store name two stores: give one\n",
        ],
        [
          ["--store-file", `${folder.path}/none`],
          2,
          `error: --store-file ${folder.path}/none: no such file or folder\n`,
        ],
        [
          ["--workers", "2"],
          2,
          "error: --workers needs --store: a file has one relay, which writes in threads of their own already\n",
        ],
        [
          ["--drain", "soon"],
          2,
          'error: --drain: expected a number from 0 to 3600, got "soon"\n',
        ],
        [
          ["--port", `${port}`, "--take-over"],
          2,
          "error: --take-over needs deno run --unstable-net, as messageu-relay has it\n",
        ],
        [
          ["--log", "xml"],
          2,
          'error: --log: expected text, journal or json, got "xml"\n',
        ],
        [
          ["--log-level", "all"],
          2,
          'error: --log-level: expected debug, info, warn or error, got "all"\n',
        ],
        [
          ["--prot", "1"],
          2,
          "error: Unknown flag --prot (did you mean --port?): see --help\n",
        ],
        [["--port"], 2, "error: --port needs a value: see --help\n"],
        [["now"], 2, 'error: Unexpected word "now": see --help\n'],
        [
          ["--dir", `${folder.path}/nowhere`],
          2,
          `error: --dir ${folder.path}/nowhere: there is no such folder\n`,
        ],
      ];
      for (const [flags, code, sentence] of cases) {
        const ended = await Program.relay(folder.path, ...flags).end();
        assertEquals({ ...ended, stdout: "" }, {
          code,
          stdout: "",
          stderr: sentence,
        });
      }
      // None of it made a database, not even an empty one.
      assertEquals(await namesIn(folder.path), ["broken"]);
    } finally {
      taken.close();
    }
  },
);

testWith(PROGRAMS, "--help and --version print and stop", async () => {
  const help = await Program.launcher(["--help"]).end();
  assertEquals(help, { code: 0, stdout: HELP, stderr: "" });
  const version = await Program.launcher(["--version"]).end();
  assertEquals(version.stdout, `${config.version}\n`);
});

testWith(
  FILES,
  "the port comes from a flag, info.myport, myport.info or is 1357, which is said",
  async () => {
    await using folder = await temporaryFolder();
    const read = async (...flags: string[]) => {
      const args = ["--dir", folder.path, ...flags];
      const { port, warnings, notes } = await readServerOptions(args);
      return { port, warnings, notes };
    };
    const path = folder.path;
    assertEquals(await read(), {
      port: 1357,
      warnings: [],
      notes: [`no info.myport in ${path}, using 1357`],
    });
    await Deno.writeTextFile(`${path}/myport.info`, "4321\r\n");
    assertEquals(await read(), { port: 4321, warnings: [], notes: [] });
    await Deno.writeTextFile(`${path}/info.myport`, "1234");
    assertEquals(await read(), { port: 1234, warnings: [], notes: [] });
    assertEquals(await read("--port", "0"), {
      port: 0,
      warnings: [],
      notes: [],
    });
    await Deno.writeTextFile(`${path}/info.myport`, "0");
    assertEquals(await read(), {
      port: 1357,
      warnings: [
        `${path}/info.myport: expected a port from 1 to 65535, got "0"; using 1357`,
      ],
      notes: [],
    });
    await assertRejects(() => read("--port", "x"), UsageError, "--port");
  },
);
