import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { Peer } from "../../../lab/harness/peer.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import {
  lacking,
  PROGRAMS,
  stepWith,
  testWith,
} from "../../support/test_with.ts";
import { execCommand, INPUT } from "../../support/clients/exec_command.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import { withTemporary } from "../../../lab/harness/program.ts";

const ID = /^[0-9a-f]{32}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The keys of an object, in order. */
const shape = (object: object) => Object.keys(object).join(" ");
const MESSAGE =
  "type id contact contactId direction kind text path size time delivery doubtful accepted";

testWith(
  PROGRAMS,
  "each verb does its work, in text and in JSON of a stable shape",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const env = withTemporary(folder.path);
    const anna = new VerbUser(`${folder.path}/anna`, relay.address, env);
    const ben = new VerbUser(`${folder.path}/ben`, relay.address, env);

    await t.step("register, whoami, list", async () => {
      const { data: [me] } = await anna.do("register", "anna", "--json");
      assertEquals(shape(me), "type name id");
      assertMatch(me.id, ID);
      await ben.do("register", "ben");
      assertEquals((await anna.do("whoami")).stdout, `anna ${me.id}\n`);
      assertEquals((await anna.do("whoami", "--json")).data, [me]);
      assertEquals((await anna.do("list", "--all")).stdout, "ben\n");
      const { data: [contact] } = await anna.do("list", "--all", "--json");
      assertEquals(
        shape(contact),
        "type name id unread lastTime keyChanged relayName conversation blocked muted",
      );
    });

    await t.step("send: a word, standard input, its lines", async () => {
      const first = await anna.do("send", "ben", "-5 degrees");
      assertEquals(first.stdout, "");
      assertStringIncludes(first.stderr, "Sent to ben");
      const whole = await anna.run(
        "two\nlines\n",
        "send",
        "ben",
        "-",
        "--json",
      );
      assertEquals(shape(whole.data[0]), MESSAGE);
      assertEquals(
        [whole.data[0].type, whole.data[0].text, whole.data[0].delivery],
        ["sent", "two\nlines", "sent"],
      );
      const lines = await anna.run("a\n\nb", "send", "ben", "-", "--lines");
      assertEquals(lines.code, 0, lines.stderr);
      const bad = await anna.run("", "send", "ben", "-");
      assertEquals(bad.code, 1);
    });

    await t.step("pull prints once, history and search again", async () => {
      const { data } = await ben.do("pull", "--json");
      assertEquals(data.map(shape), data.map(() => MESSAGE));
      assertEquals(
        data.map(({ kind, text }) => text ?? kind),
        ["key", "-5 degrees", "two\nlines", "a", "b"],
      );
      assertMatch(data[0].time, TIME);
      assertEquals((await ben.do("pull")).stdout, "");
      const history = await ben.do("history", "anna", "--json");
      assertEquals(history.data, data);
      const latest = await ben.do("history", "--limit", "1", "--json");
      assertEquals(latest.data, data.slice(-1));
      const text = (await ben.do("history")).stdout;
      assertMatch(text, /^3 {2}\S+ \S+ {2}from anna: two\n {2}lines$/m);
      const hits = await ben.do("search", "DEGR", "--ignore-case", "--json");
      assertEquals(hits.data, [data[1]]);
      const none = await ben.run("", "search", "DEGR", "--with", "anna");
      assertEquals([none.code, none.stdout], [1, ""]);
    });

    await t.step("explain tells each step", async () => {
      const { data: [known] } = await ben.do("explain", "2", "--json");
      assertEquals(
        shape(known),
        `${MESSAGE} relayMessageId made written sent acknowledged received decrypted shown attempts failure acks`,
      );
      assertEquals(
        [known.type, known.made, known.relayMessageId],
        ["explanation", null, 2],
      );
      assertMatch(known.shown, TIME);
      assertStringIncludes((await anna.do("explain", "1")).stdout, "attempts");
      const { stdout: told } = await ben.do("explain", "2");
      assertStringIncludes(told, "  received ");
      assert(!told.includes("written"), told);
    });

    await t.step("send-file, and --exec gets its bytes", async () => {
      const path = `${folder.path}/bytes`;
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      await Deno.writeFile(path, bytes);
      await ben.do("send-file", "anna", path);
      const copy = `${folder.path}/copy`;
      const ended = await anna.do(
        "pull",
        "--exec",
        execCommand(
          `await Deno.writeFile('${
            copy.replaceAll("\\", "/")
          }', Deno.stdin.readable);
const { MESSAGEU_KIND, MESSAGEU_CONTACT } = Deno.env.toObject();
console.log(MESSAGEU_KIND, 'from', MESSAGEU_CONTACT)`.replaceAll("\n", " "),
        ),
      );
      assertEquals(ended.stdout, "file from ben\n");
      assertEquals(await Deno.readFile(copy), bytes);
    });

    await t.step("a command that fails leaves its message", async () => {
      await ben.do("send", "anna", "$(touch /nowhere) `id`");
      await ben.do("send", "anna", "second");
      const failed = await anna.run(
        "",
        "pull",
        "--exec",
        execCommand(
          `const text = ${INPUT}; console.log(text); Deno.exit(text === 'second' ? 0 : 1)`,
        ),
      );
      assertEquals(failed.code, 1);
      assertEquals(failed.stdout, "$(touch /nowhere) `id`\nsecond\n");
      assertStringIncludes(failed.stderr, "the command ended with 1");
      const again = await anna.do(
        "pull",
        "--exec",
        execCommand(`console.log(${INPUT})`),
      );
      assertEquals(again.stdout, "$(touch /nowhere) `id`\n");
    });

    await t.step("key, fingerprint: the same on both sides", async () => {
      const { data: [key] } = await anna.do("key", "ben", "--json");
      assertEquals(
        shape(key),
        "type contact contactId publicKey fingerprint offered",
      );
      assertEquals(key.offered, null);
      const { stdout } = await anna.do("fingerprint", "ben");
      assertMatch(stdout, /^(\d{5} ){11}\d{5}\n$/);
      assertEquals((await ben.do("fingerprint", "anna")).stdout, stdout);
    });

    await t.step("doctor explains a folder that isn't there", async () => {
      const dir = `${folder.path}/none/yet`;
      const { stdout } = await new VerbUser(dir, relay.address).do("doctor");
      const lines = stdout.split("\n");
      for (
        const line of [
          `warning  folder    ${dir} isn't there yet: "messageu --dir ${dir} register NAME" makes it`,
          `warning  identity  This folder has no registered user: "messageu --dir ${dir} register NAME" registers you`,
          "ok       unread    No message waits for a key",
          "ok       relay     It responds, and doesn't know you yet",
        ]
      ) assert(lines.includes(line), `${line}\n${stdout}`);
      assertMatch(
        stdout,
        /^ok {7}room {6}[\d.,]+ [KMGT]iB free for the store$/m,
      );
      assert(!/^error /m.test(stdout), stdout);
    });

    await t.step(
      "doctor finds nothing wrong but for a file in the temporary folder",
      async () => {
        await Deno.writeTextFile(
          `${folder.path}/anna/info.server`,
          `${relay.address.hostname}:${relay.address.port}`,
        );
        const { data } = await anna.do("doctor", "--json");
        assertEquals(
          data.map(({ subject, verdict }) => `${subject} ${verdict}`),
          [
            "folder ok",
            "identity ok",
            "store ok",
            "unread ok",
            "archive ok",
            "settings ok",
            "address ok",
            "relay ok",
            "room ok",
            "files warning",
            "terminal ok",
            "versions ok",
          ],
        );
        const [{ contactId }] = (await anna.do("history", "--json")).data;
        const waiting = `info.unread.1.000000.${crypto.randomUUID()}`;
        await Deno.writeFile(
          `${folder.path}/anna/${waiting}.${contactId}.3`,
          new Uint8Array(2048),
        );
        const told = (await anna.do("doctor")).stdout;
        assertMatch(
          told,
          /^warning {2}unread .*3 messages from ben, 2 KiB in 1 file \(info\.unread\.\*\), can't be decrypted without a key: "messageu --dir \S+ request-key ben"/m,
        );
      },
    );

    await stepWith(t, "doctor finds a file that others can read", async () => {
      await Deno.chmod(`${folder.path}/anna/info.me`, 0o644);
      assertMatch(
        (await anna.do("doctor")).stdout,
        /^warning {2}folder .*info\.me \(644\)/m,
      );
    }, lacking("file modes"));
  },
);

testWith(PROGRAMS, "each failure has its exit code", async (t) => {
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  const dir = (name: string) => `${folder.path}/${name}`;
  const anna = new VerbUser(dir("anna"), relay.address);
  const nobody = new VerbUser(dir("nobody"), relay.address);
  const away = new VerbUser(dir("anna"), { hostname: "127.0.0.1", port: 1 });
  await anna.do("register", "anna");

  const fails = async (
    user: VerbUser,
    expected: { code: number; name: string },
    ...args: [string, ...string[]]
  ) => {
    const text = await user.run("", ...args);
    assertEquals(text.code, expected.code, text.stderr);
    assertEquals(text.stdout, "");
    assertMatch(text.stderr, /^error: /m);
    assert(!text.stderr.includes("    at "), text.stderr);
    const json = await user.run("", ...args, "--json");
    const { type, code, message } = JSON.parse(
      json.stderr.split("\n")[0] ?? "",
    );
    assertEquals({ type, code }, { type: "error", code: expected.name });
    assert(message !== "");
  };

  await t.step("2, the command line, with what may be meant", async () => {
    const usage = { code: 2, name: "usage" };
    await fails(anna, usage, "send", "ben");
    assertStringIncludes(
      (await anna.run("", "send")).stderr,
      "error: NAME is missing\n(Usage: messageu send NAME TEXT ",
    );
    await fails(anna, usage, "history", "--since", "yesterday");
    await fails(anna, usage, "search", "(");
    await fails(anna, usage, "explain", "x");
    await fails(anna, usage, "listen");
    await fails(anna, usage, "listen", "--as", "x/y");
    await fails(anna, usage, "register", "");
    await fails(anna, usage, "register", "a\x1bb");
    await fails(anna, usage, "send", "ben", "x", "--lines");
    const dash = await anna.run("", "send", "ben", "-hello");
    assertEquals(dash.code, 2);
    assertStringIncludes(dash.stderr, 'goes behind "--"');
    const { code, stderr } = await anna.run("", "sned");
    assertEquals(code, 2);
    assertStringIncludes(stderr, "did you mean send?");
  });
  await t.step("1, all else", async () => {
    await fails(anna, { code: 1, name: "failure" }, "explain", "77");
  });
  await t.step("3, no relay", async () => {
    await fails(away, { code: 3, name: "connection" }, "list");
  });
  await t.step("4, the relay refuses", async () => {
    const refused = { code: 4, name: "refused" };
    await fails(nobody, refused, "register", "anna");
  });
  await t.step("5, nobody has that name", async () => {
    const unknown = { code: 5, name: "unknown-contact" };
    await fails(anna, unknown, "send", "zoe", "hi");
    await fails(anna, unknown, "history", "zoe");
    await fails(anna, unknown, "search", "x", "--with", "zoe");
    await new VerbUser(dir("ben"), relay.address).do("register", "ben");
    await anna.do("list");
    assertEquals((await anna.do("history", "ben")).stdout, "");
    assertEquals(await anna.run("", "search", "x", "--with", "ben"), {
      code: 1,
      stdout: "",
      stderr: "No message matches\n",
      data: [],
    });
  });
  await t.step("7, not registered", async () => {
    const stranger = { code: 7, name: "not-registered" };
    await fails(nobody, stranger, "whoami");
    await fails(nobody, stranger, "pull");
  });
  await t.step("8, the folder's files", async () => {
    await Deno.mkdir(dir("broken"));
    await Deno.writeTextFile(`${dir("broken")}/info.me`, "anna\n12\n");
    const broken = new VerbUser(dir("broken"), relay.address);
    await fails(broken, { code: 8, name: "folder" }, "whoami");
    await fails(broken, { code: 8, name: "folder" }, "list");
  });
});

testWith(
  PROGRAMS,
  "6, a changed key: it stops, is skipped or accepted, as the flag says",
  async () => {
    await using folder = await temporaryFolder();
    const dir = (name: string) => `${folder.path}/${name}`;
    await using relay = await testRelay();
    const anna = new VerbUser(dir("anna"), relay.address);
    const ben = new VerbUser(dir("ben"), relay.address);
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    await anna.do("send", "ben", "first");
    // Another relay at which other people have the same names.
    await using other = await testRelay();
    const annaThere = new VerbUser(dir("anna"), other.address);
    using peer = await Peer.connect(other.address);
    await peer.register("anna");
    const newBen = new VerbUser(dir("new-ben"), other.address);
    await newBen.do("register", "ben");
    // The relay doesn't know anna's id, so she goes there as somebody it knows.
    const registered = new VerbUser(dir("eve"), other.address);
    await registered.do("register", "eve");
    const eve = await Deno.readTextFile(`${dir("eve")}/info.me`);
    await Deno.remove(`${dir("anna")}/info.me`);
    await Deno.writeTextFile(`${dir("anna")}/info.me`, eve);
    await annaThere.do("list");

    const stopped = await annaThere.run("", "send", "ben", "x", "--json");
    assertEquals(stopped.code, 6, stopped.stderr);
    const error = JSON.parse(stopped.stderr.split("\n")[0] ?? "");
    assertEquals(
      [error.code, error.contact, typeof error.known, typeof error.offered],
      ["key-changed", "ben", "string", "string"],
    );
    const skipped = await annaThere.do(
      "send",
      "ben",
      "y",
      "--on-key-change",
      "skip",
      "--json",
    );
    assertEquals(skipped.data[0].type, "skipped");
    const accepted = await annaThere.do("accept", "ben", "--json");
    assertEquals(accepted.data[0].fingerprint, error.offered);
    await annaThere.do("resend", String(skipped.data[0].id));
    const texts = (await newBen.do("pull", "--json")).data
      .map(({ text }) => text).filter((text) => text !== null);
    assertEquals(texts, ["y"]);
  },
);
