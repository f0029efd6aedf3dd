import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes";
import { RelayLink, ServerRefusedError } from "../../../client/mod.ts";
import {
  exportPublicKey,
  importPrivateKey,
  importPublicKey,
  publicKeyOf,
} from "../../../shared/crypto/crypto.ts";
import { parseInfoMe } from "../../../shared/identity/parse_identity.ts";
import {
  type Response,
  responseCodecs,
} from "../../../shared/wire/requests.ts";
import { BEN, Ben } from "../../support/clients/ben.ts";
import {
  ANNA,
  answers,
  exactly,
  lying,
  nothing,
  ok,
  refused,
  registered,
  utf8,
} from "../../support/relays/misbehaviour.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import { PULL } from "../../../kit/requests.ts";

/** Every verb that asks the relay, as somebody would use it. */
const asking = (file: string): string[][] => [
  ["list"],
  ["send", "ben", "hi"],
  ["send-file", "ben", file],
  ["pull"],
  ["listen", "--as", "bot", "--auto-ack", "--once"],
  ["key", "ben"],
];

testWith(
  PROGRAMS,
  "a server of version 1 is called that at its first refusal, and by doctor",
  async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    const anna = new VerbUser(`${folder.path}/anna`, server.address);
    const own = { clientId: ANNA, publicKey: new Uint8Array(160) };
    const answer = answers({ 602: ok({ code: 2102, payload: own }) });
    server.script = (asked, conn) =>
      asked.header.version === 1
        ? answer(asked, conn)
        : writeAll(conn, refused);
    await anna.do("register", "anna");
    const hint =
      "This server takes requests of version 1 only: give --client-version 1";
    const list = await anna.run("", "list");
    assertEquals(list.code, 4);
    assertStringIncludes(
      list.stderr,
      `error: server responded with an error\n(${hint}`,
    );
    const doctor = await anna.run("", "doctor");
    assertStringIncludes(doctor.stdout, `refuses our version: ${hint}`);
    // One that refuses for another reason isn't called that.
    await using relay = await testRelay();
    const link = new RelayLink(() => Promise.resolve(relay.address));
    const error = await assertRejects(
      () => link.clients(ANNA),
      ServerRefusedError,
    );
    assertMatch(error.hint ?? "", /^This relay may not know you/);
  },
);

testWith(
  PROGRAMS,
  "no verb is upset by a server that makes no sense",
  async (t) => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    const anna = new VerbUser(`${folder.path}/anna`, server.address);
    server.script = answers({});
    await anna.do("register", "anna");
    await anna.do("list");
    const file = `${folder.path}/file`;
    await Deno.writeTextFile(file, "content");

    const badly: [string, Uint8Array, number][] = [
      ["closes without an answer", new Uint8Array(0), 3],
      ["speaks HTTP", utf8("HTTP/1.1 400 Bad Request\r\n\r\n"), 3],
      [
        "answers with another code",
        ok({ code: 2100, payload: { clientId: ANNA } }),
        3,
      ],
      ["claims 4 GiB and sends nothing", lying(2101, 0xffffffff, utf8("x")), 3],
      ["refuses", refused, 4],
      ["refuses with a body", exactly(9000, utf8("\x1b[2Jdrop everything")), 4],
    ];
    for (const [name, answer, exit] of badly) {
      await t.step(`one that ${name}`, async () => {
        const codes = [600, 601, 602, 603, 604];
        server.script = answers(
          Object.fromEntries(codes.map((code) => [code, answer])),
        );
        const ends = await Promise.all(
          asking(file).map(async ([verb = "", ...args]) => {
            const { code, stdout, stderr } = await anna.run("", verb, ...args);
            // Whoever refuses a key may have lost the contact as well.
            assert(
              code === exit || exit === 4 && code === 5,
              `${verb}: ${code}`,
            );
            assertEquals(stdout, "", verb);
            assert(!/^\s+at /m.test(stderr), stderr);
            assert(!stderr.includes("\x1b"), stderr);
            return verb;
          }),
        );
        assertEquals(ends.length, asking(file).length);
      });
    }

    await t.step("and what wasn't sent is told and kept", async () => {
      const { data } = await anna.do("history", "--json");
      assert(data.length > 0);
      assert(data.every(({ delivery }) => delivery === "unsent"));
    });
  },
);

testWith(
  PROGRAMS,
  "each verb works with servers that answer in their own way",
  async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const anna = new VerbUser(dir, server.address);
    const versions: number[] = [];
    server.script = ({ header }, conn) => {
      versions.push(header.version);
      return answers({ 600: header.version === 1 ? registered : refused })(
        { header, payload: new Uint8Array(), firstRead: 0 },
        conn,
      );
    };
    await anna.do("register", "anna");
    assertEquals(versions, [2, 1]);

    const ben = await Ben.create();
    const me = await parseInfoMe(await Deno.readTextFile(`${dir}/info.me`));
    ben.annasKey = await importPublicKey(
      await publicKeyOf(await importPrivateKey(me.privateKey)),
    );
    const list: Response = {
      code: 2101,
      payload: [{ clientId: ANNA, name: "anna" }, {
        clientId: BEN,
        name: "ben",
      }],
    };
    const bens = await exportPublicKey(ben.pair.publicKey);
    const late = await ben.text("under a key that comes behind it");
    const repeated = await ben.text("twice");
    server.script = answers(
      {
        // Another version, the asker too, zeros behind.
        601: concat([ok(list, 1), new Uint8Array(1024)]),
        // The key alone; and success without a word.
        602: exactly(2102, bens),
        603: exactly(2103, new Uint8Array(0)),
      },
      [late, await ben.keyMessage()],
      [repeated, repeated],
    );
    assertEquals((await anna.do("list", "--all")).stdout, "ben\n");
    assertStringIncludes((await anna.do("key", "ben")).stdout, "ben");
    const { data } = await anna.do("pull", "--json");
    assertEquals(
      data.map(({ kind, text }) => text ?? kind),
      ["key", "under a key that comes behind it", "twice"],
    );
    const { data: [sent] } = await anna.do("send", "ben", "hi", "--json");
    assertEquals([sent.type, sent.delivery], ["sent", "sent"]);
    const file = `${folder.path}/file`;
    await Deno.writeTextFile(file, "content");
    await anna.do("send-file", "ben", file);
    await anna.do("fingerprint", "ben");

    // An answer that breaks off behind a whole message, then nothing more.
    const whole = responseCodecs[PULL].encode([
      await ben.text("whole"),
      await ben.text("cut"),
    ]);
    server.script = answers({}, lying(2104, whole.length, whole.slice(0, -5)));
    const cut = await anna.run("", "pull", "--json");
    assertEquals([cut.code, cut.data[0]?.text], [3, "whole"]);
    server.script = answers({ 604: nothing });
    const listened = await anna.do(
      "listen",
      "--as",
      "bot",
      "--auto-ack",
      "--once",
      "--json",
    );
    assertEquals(
      listened.data.flatMap(({ text }) => text === null ? [] : [text]),
      ["under a key that comes behind it", "twice", "whole"],
    );
  },
);
