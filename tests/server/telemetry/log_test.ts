import { assert, assertEquals, assertMatch } from "@std/assert";
import { FailurePrinter, RelayLog } from "../../../server/telemetry/log.ts";
import type {
  LogFormat,
  LogLevel,
} from "../../../server/telemetry/telemetry_flags.ts";
import { concat } from "@std/bytes";
import { lines } from "../../../shared/cli/lines.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program, relayArguments } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { longTest, PROGRAMS, testWith } from "../../support/test_with.ts";
import { PULL, pullRequest } from "../../../kit/requests.ts";

/** What a log of a format and a level writes to standard error and to standard output. */
async function written(
  format: LogFormat,
  level: LogLevel,
  write: (log: RelayLog) => void,
): Promise<{ stderr: string[]; stdout: string[] }> {
  let stderr = "";
  const stdout: string[] = [];
  const { log } = console;
  console.log = (line) => stdout.push(line);
  const relayLog = new RelayLog({ format, level }, (bytes) => {
    stderr += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  });
  try {
    write(relayLog);
  } finally {
    console.log = log;
  }
  await relayLog.flush();
  return { stderr: stderr.split("\n").slice(0, -1), stdout };
}

function writeAll(log: RelayLog): void {
  log.debug("a detail", { connection: 7 });
  log.info("a note");
  log.warn("100 % {odd} `text`");
  log.error("a failure", { repeated: 3 });
}

Deno.test("a log for a journal holds sentences, as its level says", async () => {
  const lines = [
    "debug: a detail connection=7",
    "note: a note",
    "warning: 100 % {odd} `text`",
    "error: a failure repeated=3",
  ];
  for (
    const [i, level] of (["debug", "info", "warn", "error"] as const).entries()
  ) {
    const { stderr } = await written("journal", level, writeAll);
    assertEquals(stderr, lines.slice(i));
  }
});

Deno.test("a log of text begins its sentences with their times", async () => {
  const { stderr } = await written("text", "info", writeAll);
  const lines = stderr.map((line) => /^(\S+) (.+)$/.exec(line) ?? []);
  for (const [, time = ""] of lines) {
    assertEquals(new Date(time).toISOString(), time);
  }
  assertEquals(lines.map(([, , sentence]) => sentence), [
    "note: a note",
    "warning: 100 % {odd} `text`",
    "error: a failure repeated=3",
  ]);
});

Deno.test("a log of JSON holds an object a line", async () => {
  const { stderr } = await written("json", "debug", writeAll);
  const records = stderr.map((line) => JSON.parse(line));
  for (const { time } of records) {
    assertEquals(new Date(time).toISOString(), time);
  }
  assertEquals(records.map(({ time: _, ...record }) => record), [
    { level: "debug", message: "a detail", connection: 7 },
    { level: "info", message: "a note" },
    { level: "warn", message: "100 % {odd} `text`" },
    { level: "error", message: "a failure", repeated: 3 },
  ]);
});

Deno.test("what programs wait for is on standard output, and in a log of JSON", async () => {
  const announce = (log: RelayLog) =>
    log.announce("listening on x", { address: "x" });
  assertEquals(await written("journal", "info", announce), {
    stdout: ["listening on x"],
    stderr: [],
  });
  const { stdout, stderr } = await written("json", "info", announce);
  assertEquals(stdout, ["listening on x"]);
  assertEquals(stderr.map((line) => JSON.parse(line).address), ["x"]);
});

Deno.test("what fails again and again is logged once in a while", async () => {
  const { stderr } = await written("journal", "info", (log) => {
    const failures = new FailurePrinter(log);
    for (let i = 0; i < 100; i++) failures.print(new Error("no room"));
    failures.print(new Error("no disk"));
  });
  assertEquals(stderr, ["error: no room", "error: no disk"]);
});

Deno.test("a log that isn't read drops lines and says how many", async () => {
  const read: string[] = [];
  let reads = Promise.withResolvers<void>();
  const log = new RelayLog(
    { format: "journal", level: "info" },
    async (bytes) => {
      await reads.promise;
      read.push(...new TextDecoder().decode(bytes).split("\n").slice(0, -1));
      return bytes.length;
    },
  );
  const long = "x".repeat(1000);
  for (let i = 0; i < 3000; i++) log.info(long);
  const { dropped } = log;
  assert(dropped > 1000 && dropped < 3000, `${dropped} lines`);
  reads.resolve();
  await log.flush();
  assertEquals(read.length, 3000 - dropped);
  reads = Promise.withResolvers();
  reads.resolve();
  log.info("and on");
  await log.flush();
  assertEquals(read.slice(3000 - dropped), [
    `warning: the log wasn't read: lines were dropped lines=${dropped}`,
    "note: and on",
  ]);
  assertEquals(log.dropped, dropped);
});

longTest(
  PROGRAMS,
  "a relay whose log isn't read serves on, and ends",
  async () => {
    await using folder = await temporaryFolder();
    const args = relayArguments(folder.path, ["--log-level", "debug"]);
    const relay = new Deno.Command(Deno.execPath(), {
      args: [...args, "--port", "0"],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    try {
      const printed = lines(relay.stdout);
      const { value = "" } = await printed.next();
      const port = Number(/:(\d+)$/.exec(value)?.[1]);
      using peer = await Peer.connect({ hostname: "127.0.0.1", port });
      const anna = await peer.register("anna");
      const request = pullRequest(anna);
      // 80 bytes of log for each: more than a pipe and the relay hold.
      for (let i = 0; i < 200; i++) {
        await peer.write(concat(Array<Uint8Array>(100).fill(request)));
        for (let j = 0; j < 100; j++) {
          assertEquals((await peer.response()).code, 2104);
        }
      }
      await printed.return();
      relay.kill("SIGTERM");
      assertEquals((await relay.status).code, 0);
    } finally {
      try {
        relay.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await relay.stderr.cancel();
      await relay.status;
    }
  },
);

const NAMES = ["anna-the-first", "ben-the-second"] as const;
const CONTENT = new TextEncoder().encode("what only ben may read");

/** Does all that a client can, some of it wrong, and returns what must be in no log. */
async function doAll(relay: Program): Promise<Uint8Array[]> {
  using peer = await Peer.connect(await relay.address());
  const key = crypto.getRandomValues(new Uint8Array(160));
  const [anna, ben] = [
    await peer.register(NAMES[0], key),
    await peer.register(NAMES[1], key),
  ];
  const stranger = crypto.getRandomValues(new Uint8Array(16)) as ClientId;
  await peer.ask("register", { name: NAMES[0], publicKey: key });
  for (const asker of [anna, stranger]) {
    await peer.ask("clientsList", {}, asker);
    await peer.ask("publicKey", { target: ben }, asker);
    await peer.ask("publicKey", { target: stranger }, asker);
    await peer.ask(
      "sendMessage",
      { target: ben, type: 3, content: CONTENT },
      asker,
    );
    await peer.ask(
      "sendMessage",
      { target: stranger, type: 4, content: CONTENT },
      asker,
    );
    await peer.ask(PULL, {}, asker);
  }
  assertEquals(await peer.pull(ben), [CONTENT.toHex()]);
  await peer.write(new Uint8Array([...anna, 2, 0xe7, 3, 22, 0, 0, 0]));
  await peer.write(CONTENT);
  assertEquals((await peer.response()).code, 9000);
  const names = NAMES.map((name) => new TextEncoder().encode(name));
  return [anna, ben, stranger, key, CONTENT, ...names];
}

for (const format of ["text", "json"]) {
  for (const level of ["info", "debug"]) {
    testWith(
      PROGRAMS,
      `no name, id or content is logged: ${format}, ${level}`,
      async () => {
        await using folder = await temporaryFolder();
        const flags = ["--port", "0", "--log", format, "--log-level", level];
        await using program = Program.relay(folder.path, ...flags);
        const secrets = await doAll(program);
        await program.stop();
        const { code, stdout, stderr } = await program.end();
        assertEquals(code, 0);
        const [, key = ""] =
          /^listening on 127\.0\.0\.1:\d+\nmu:\/\/127\.0\.0\.1:\d+\/(.{43})\n$/
            .exec(stdout) ?? [];
        assert(key !== "" && !stderr.includes(key), stdout);
        const output = stdout + stderr;
        for (const secret of secrets) {
          const forms = [
            new TextDecoder().decode(secret),
            secret.toHex(),
            secret.toHex().toUpperCase(),
            secret.toBase64({ omitPadding: true }),
            secret.toBase64({ omitPadding: true, alphabet: "base64url" }),
            secret.join(","),
            secret.join(", "),
          ];
          for (const form of forms) {
            assertEquals(output.includes(form), false, form);
          }
        }
        const lines = stderr.split("\n").slice(0, -1);
        if (level === "info") {
          // Where it listens, and that it made a key.
          assertEquals(lines.length, format === "json" ? 3 : 1);
        } else {
          assert(lines.some((line) => /603.*unknown_client/.test(line)));
          assert(lines.some((line) => line.includes("connection closed")));
        }
        if (format === "text") return;
        for (const line of lines) {
          const { time, level, message } = JSON.parse(line);
          for (const field of [time, level, message]) {
            assertEquals(typeof field, "string");
          }
        }
      },
    );
  }
}

testWith(
  PROGRAMS,
  "a relay that can't start says so in its format",
  async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(
      `${folder.path}/broken`,
      "no database ".repeat(99),
    );
    const flags = ["--port", "0", "--db", `${folder.path}/broken`];
    const program = Program.relay(folder.path, ...flags, "--log", "json");
    const { code, stderr } = await program.end();
    assertEquals(code, 1);
    const { level, message } = JSON.parse(stderr);
    assertEquals(level, "error");
    assertMatch(message, /^Can't use the database .*broken: it is damaged/);
  },
);
