import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { RelayLink } from "../../../client/link/relay_link.ts";
import { Session } from "../../../client/session/session.ts";
import type { Outcome } from "../../../kit/conformance/report/outcome.ts";
import { checkClient } from "../../../kit/conformance/client/check_client.ts";
import { DrivenFolder } from "../../../kit/conformance/client/driven_folder.ts";
import {
  checksOf,
  choose,
  stepsOf,
} from "../../../kit/conformance/client/script.ts";
import { clauses, unseenOfClients } from "../../../kit/clauses.ts";
import { dialectNames } from "../../../shared/wire/dialects.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import {
  checkDriven,
  listener,
  namesWith,
  shellCommand,
} from "../../support/clients/checked_client.ts";
import { shortKey } from "../../support/wire/frames.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program, ROOT, withTemporary } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  FILES,
  longTest,
  LOOPBACK_AND_FILES,
  SHELL,
  testWith,
} from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { clientArguments } from "../../support/clients/verbs.ts";

const CLIENT = shellCommand(clientArguments());

testWith(
  SHELL,
  "our client passes all checks, also of bad responses",
  async () => {
    const outcomes = await checkDriven(CLIENT, { badly: true });
    assertEquals(outcomes.filter(({ verdict }) => verdict !== "pass"), []);
    const names = outcomes.map(({ name }) => name);
    assertEquals(new Set(names).size, names.length, "each name once");
    assert(names.length >= 70);
  },
);

longTest(
  SHELL,
  "our client passes all checks in every dialect",
  async () => {
    await Promise.all(dialectNames.map(async (dialect) => {
      const outcomes = await checkDriven(`${CLIENT} --dialect ${dialect}`);
      assertEquals(
        outcomes.filter(({ verdict }) => verdict !== "pass"),
        [],
        dialect,
      );
    }));
  },
);

Deno.test("each clause of a client has a check or a reason", () => {
  const checked = new Set<string>(
    checksOf(stepsOf(true)).map(({ clause }) => clause),
  );
  const missing = Object.entries(clauses).filter(([id, { party }]) =>
    party !== "relay" && !checked.has(id)
  ).map(([id]) => id);
  assertEquals(missing, Object.keys(unseenOfClients));
});

/** A run by hand, with the test as its user. */
class PlayedByHand {
  readonly #keys = new TransformStream<
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>
  >();
  readonly #writer = this.#keys.writable.getWriter();
  readonly #listener = listener();
  /** The texts for the user. */
  said = "";
  /** The outcomes. */
  readonly outcomes: Promise<Outcome[]>;

  constructor(only: readonly string[]) {
    this.outcomes = Array.fromAsync(checkClient({
      listener: this.#listener,
      script: choose(stepsOf(false), only),
      input: this.#keys.readable,
      say: (text) => this.said += `${text}\n`,
    }));
  }

  get address(): { hostname: string; port: number } {
    return this.#listener.addr;
  }

  /** Waits for a step to become due. */
  async due(step: string): Promise<void> {
    await until(`the step ${step}`, () => this.said.includes(step));
  }

  /** Presses Enter. */
  async enter(): Promise<void> {
    await this.#writer.write(new TextEncoder().encode("\n"));
  }

  async end(): Promise<Outcome[]> {
    const outcomes = await this.outcomes;
    await this.#writer.close();
    return outcomes;
  }
}

const verdicts = (outcomes: readonly Outcome[]) =>
  Object.fromEntries(outcomes.map(({ name, verdict }) => [name, verdict]));

testWith(
  LOOPBACK_AND_FILES,
  "a person is prompted for each step, and can skip one",
  async () => {
    await using folder = await temporaryFolder();
    const play = new PlayedByHand(["registration", "others", "key-encrypted"]);
    using anna = new Session(
      folder.path,
      new RelayLink(() => Promise.resolve(play.address)),
    );
    await play.due("Register as anna");
    await anna.register("anna");
    await play.due("Try to register again");
    await anna.contacts.fetch();
    await play.due("Ask for the clients list\n");
    await anna.contacts.fetch();
    await play.due("Ask for the public keys");
    await anna.contacts.publicKey("ben");
    await anna.contacts.publicKey("dana");
    await play.due("Ask for waiting messages");
    await play.enter();
    await play.due("Send dana your symmetric key");
    await anna.outbox.sendKey("dana");
    assertEquals(verdicts(await play.end()), {
      "finds-server": "pass",
      "registers": "pass",
      "name-field": "pass",
      "plain-name": "pass",
      "public-key": "pass",
      "identity-file": "skipped",
      "registers-once": "pass",
      "identity-stays": "skipped",
      "asks-list": "pass",
      "asks-keys": "pass",
      "key-encrypted": "pass",
    });
    assertStringIncludes(play.said, "type  152 ⏎ dana");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "requests of no client end no connection",
  async () => {
    const play = new PlayedByHand(["registration", "requests"]);
    await play.due("Register as anna");
    const send = async (bytes: Uint8Array) => {
      using conn = await Deno.connect(play.address);
      await writeAll(conn, bytes).catch(() => {});
      await conn.closeWrite().catch(() => {});
      // Whatever it answers, until it has had enough.
      for await (const _chunk of conn.readable) continue;
    };
    const text = new TextEncoder();
    await send(text.encode("GET / HTTP/1.1\r\n\r\n".repeat(50)));
    await send(new Uint8Array(23).fill(0xff));
    await send(new Uint8Array(5));
    const flood = new Uint8Array(23 * 400);
    for (let at = 17; at < flood.length; at += 23) flood.set([0x59, 0x02], at);
    await send(flood);
    const found = verdicts(await play.end());
    assertEquals(found["registers"], "fail");
    assertEquals(found["code"], "fail");
    // What has no code of a request has no size that could be wrong.
    assertEquals(found["payload-size"], "pass");
    assertEquals(found["client-id"], "fail");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a key padded with zeros passes, as in PUB-1",
  async () => {
    const play = new PlayedByHand(["public-key"]);
    await play.due("Register as anna");
    {
      using peer = await Peer.connect(play.address);
      await peer.register("anna", shortKey(new Uint8Array(2)));
    }
    assertEquals(verdicts(await play.end()), { "public-key": "pass" });
  },
);

testWith(
  FILES,
  "a chosen check has the steps before it that it needs, and no others",
  () => {
    const titles = (...only: string[]) =>
      choose(stepsOf(true), only).steps.map(({ title }) => title);
    const needed = [
      "Register as anna",
      "Ask for the clients list",
      "Ask for the public keys of ben and of dana",
      "Ask for waiting messages",
      "Send dana your symmetric key, once dana has asked for it",
    ];
    assertEquals(titles("public-key"), needed.slice(0, 1));
    assertEquals(titles("pulls"), needed.slice(0, 4));
    assertEquals(titles("file-bytes"), [...needed, "Send dana the file"]);
    assertEquals(titles("code"), needed);
  },
);

testWith(SHELL, "clients that end, hang or chatter fail in time", async () => {
  const commands = ["exit 3", "cat", "yes", "no-such-program"];
  await Promise.all(commands.map(async (command) => {
    const outcomes = await checkDriven(command, { timeout: 500 });
    const failed = namesWith(outcomes, "fail");
    assert(failed.includes("registers"), `${command}: ${failed}`);
    const rest = namesWith(outcomes, "skipped");
    assert(rest.includes("file-bytes"), `${command}: ${rest}`);
  }));
});

testWith(SHELL, "how a driven client ended is told", async () => {
  const [first] = await checkDriven("echo ouch; exec no-such-program", {
    timeout: 500,
  });
  assertMatch(
    first?.reason ?? "",
    /^no request came: it had ended with code 127, and printed ".*no-such-program.*" at last$/,
  );
});

testWith(
  SHELL,
  "clients that remove their folder or leave a process behind don't block a run",
  async () => {
    await using temporary = await temporaryFolder();
    const stays = `while [ -e ${temporary.path} ]; do sleep 0.05; done`;
    const commands = [
      'rm -r "$PWD"; sleep 600',
      // Its output stays open, and it isn't in the group that is ended.
      `setsid sh -c '${stays}' &`,
    ];
    for (const command of commands) {
      const outcomes = await checkDriven(command, { timeout: 500 });
      assert(namesWith(outcomes, "fail").includes("registers"), command);
    }
  },
);

testWith(FILES, "what a client does to its folder is bearable", async () => {
  await using folder = await DrivenFolder.create(new Uint8Array(3));
  assertEquals(await folder.identity(), undefined);
  await Deno.mkdir(`${folder.path}/info.me`);
  assertEquals(await folder.identity(), "");
  await Deno.remove(folder.path, { recursive: true });
  assertEquals(await folder.holds(new Uint8Array(3), []), false);
});

testWith(SHELL, "signals end the program, and nothing is left", async () => {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  await Promise.all(
    Object.entries(codes).map(async ([signal, expected]) => {
      await using folder = await temporaryFolder();
      await using program = conformance(
        ["--port", "0", "--drive", "echo; exec sleep 600"],
        withTemporary(folder.path),
      );
      await program.prints(/Conformance of/);
      await until(
        "a folder for the client",
        () => [...Deno.readDirSync(folder.path)].length > 0,
      );
      program.kill(signal as Deno.Signal);
      // A second one at once is the same wish.
      program.kill(signal as Deno.Signal);
      const { code, stdout } = await program.end();
      assertEquals(code, expected, signal);
      assertStringIncludes(stdout, "Interrupted: ");
      assertEquals([...Deno.readDirSync(folder.path)], []);
    }),
  );
});

/** Runs what `deno task conformance` does. */
function conformance(
  args: readonly string[],
  env: Record<string, string> = {},
): Program {
  const command = [
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-run=sh",
    `${ROOT}kit/conformance/main.ts`,
    "--client",
    ...args,
  ];
  return Program.deno(command, ROOT, env);
}

longTest(SHELL, "the program prints script and report", async () => {
  await using list = conformance(["--list", "--badly"]);
  const { code, stdout } = await list.end();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "type  110 ⏎ anna");
  assertStringIncludes(stdout, "odd-names  LST-5 MUST");

  await using driven = conformance(
    ["--port", "0", "--json", "--only", "registration", "--drive", CLIENT],
  );
  const ended = await driven.end();
  assertEquals(ended.code, 0, ended.stdout + ended.stderr);
  const report = JSON.parse(ended.stdout);
  assertEquals(report.summary.passed, report.outcomes.length);

  await using failing = conformance([
    ...["--port", "0", "--only", "registration", "--timeout", "300"],
    ...["--drive", "echo hello; echo a reason >&2"],
  ]);
  const failed = await failing.end();
  assert(failed.code > 0);
  assertStringIncludes(failed.stdout, "no 600 came");
  assertStringIncludes(
    failed.stdout.replaceAll(/\s+/g, " "),
    'it had ended with code 0, and printed "a reason" at last',
  );

  for (
    const [args, sentence] of [
      [[], "--client needs --port N"],
      [["--port", "x"], "--port: expected a port"],
      [["--port", "0", "--timeout", "0"], "--timeout: expected milliseconds"],
      [["--port", "0", "--only", "nothing"], "no check has such a name"],
      [["--port", "0", "--json", "--junit"], "two reports: give one"],
      [["--port", "0", "--nonsense"], "Unknown flag"],
    ] as const
  ) {
    await using wrong = conformance(args);
    const { code, stderr } = await wrong.end();
    assertEquals(code, 2);
    assertStringIncludes(stderr, sentence);
  }
});
