import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes";
import {
  encryptKey,
  exportPublicKey,
  generateKeyPair,
  generateSymmetricKey,
  importPublicKey,
  legacyEncrypt,
} from "../../../shared/crypto/crypto.ts";
import { encodeListedName } from "../../../shared/wire/field_types.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  type Register,
  requestCodecs,
  type Response,
  responseCodecs,
} from "../../../shared/wire/requests.ts";
import { ambiguous, BEN, Ben, unreadable } from "../../support/clients/ben.ts";
import { MenuUser } from "../../support/clients/menu_user.ts";
import {
  ANNA,
  answers,
  exactly,
  idOf,
  lying,
  nothing,
  ok,
  refused,
  registered,
  utf8,
} from "../../support/relays/misbehaviour.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { assertMode } from "../../support/file_mode.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { PULL } from "../../../kit/requests.ts";

const shown = (content: string, from = "ben") =>
  `From: ${from}\nContent:\n${content}\n-----<EOM>-----\n`;

/** The names of a folder's files, the random parts left out. */
async function filesIn(path: string): Promise<string[]> {
  return (await namesIn(path)).map((name) =>
    name.split(".").slice(0, 2).join(".")
  );
}

/** Anna at the menu, a server that follows a script, and ben, whom it lists. */
interface Meeting {
  server: ScriptedServer;
  client: MenuUser;
  ben: Ben;
  /** Anna's folder. */
  dir: string;
}

/** Makes a test of a registered anna at a server that misbehaves. */
function misbehaves(
  name: string,
  run: (meeting: Meeting) => Promise<void>,
): void {
  testWith(LOOPBACK_AND_FILES, `a menu at a server: ${name}`, async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    await using client = new MenuUser(dir, server.address);
    const ben = await Ben.create();
    server.script = async ({ header, payload }, conn) => {
      if (header.version !== 1) return await writeAll(conn, refused);
      const { publicKey } = requestCodecs.register.decode(payload) as Register;
      ben.annasKey = await importPublicKey(publicKey);
      await writeAll(conn, registered);
    };
    assertStringIncludes(
      await client.choose("110", "anna"),
      "Registered as anna",
    );
    await run({ server, client, ben, dir });
  });
}

/** Lets anna fetch ben's public key and receive his symmetric one. */
async function meetBen({ server, client, ben }: Meeting): Promise<void> {
  const key = await exportPublicKey(ben.pair.publicKey);
  server.script = answers({ 602: exactly(2102, key) }, [
    await ben.keyMessage(),
  ]);
  await client.choose("130", "ben");
  await client.choose("140");
}

misbehaves(
  "a registration is refused under 2 and taken under 1, each on its own connection in one write (ERR-4, FRM-6)",
  ({ server }) => {
    assertEquals(server.asked.map(({ header }) => header.version), [2, 1]);
    for (const { header, firstRead } of server.asked) {
      assertEquals(firstRead, 23 + header.payloadSize);
    }
    return Promise.resolve();
  },
);

misbehaves(
  "any answer version will do, with zeros behind the answer (ANS-4, CON-10)",
  async ({ server, client }) => {
    for (const version of [0, 1, 3, 255]) {
      const list: Response = {
        code: 2101,
        payload: [{ clientId: BEN, name: "ben" }],
      };
      server.script = answers({
        601: concat([ok(list, version), new Uint8Array(1024)]),
      });
      assertStringIncludes(await client.choose("120"), "120\nben\n");
    }
  },
);

misbehaves(
  "a list with oneself and with names of any kind (LST-5)",
  async ({ server, client }) => {
    const names = ["", "two words", "דנה", "\x1b[31mred\x07", "b\u200ben"];
    const entry = (id: ClientId, name: Uint8Array) =>
      concat([id, name, new Uint8Array(255 - name.length)]);
    const list = concat([
      entry(ANNA, utf8("anna")),
      ...names.map((name, i) => entry(idOf(i + 1), encodeListedName(name))),
      entry(idOf(9), new Uint8Array(255).fill(0x61)),
      entry(BEN, utf8("ben")),
    ]);
    server.script = answers({ 601: exactly(2101, list) });
    const output = await client.choose("120");
    assertStringIncludes(
      output,
      `120\n\ntwo words\nדנה\n[31mred\nben\n${"a".repeat(255)}\nben\n\n`,
    );
    assertStringIncludes(
      await client.choose("151", ""),
      "No name given\n(120 lists the names of the others)",
    );
  },
);

misbehaves(
  "9000, with a body or without one (ERR-2, ERR-3)",
  async ({ server, client }) => {
    const bodies = [refused, exactly(9000, utf8("\x1b[2Jdrop everything"))];
    for (const answer of [...bodies, lying(9000, 0xffffffff, utf8("x"))]) {
      server.script = answers({ 601: answer });
      const output = await client.choose("120");
      assertStringIncludes(output, "server responded with an error\n");
      assert(!output.includes("drop"), "nothing of the body is shown");
    }
  },
);

misbehaves(
  "a public key alone, or with its owner's id (KEY-4)",
  async ({ server, client, ben }) => {
    const key = await exportPublicKey(ben.pair.publicKey);
    for (const body of [key, concat([BEN, key])]) {
      server.script = answers({ 602: exactly(2102, body) });
      assertStringIncludes(
        await client.choose("130", "ben"),
        "Got the public key of ben",
      );
    }
  },
);

misbehaves(
  "2103 is success whatever it carries (SND-16)",
  async ({ server, client }) => {
    for (const size of [20, 16, 0, 4, 24]) {
      server.script = answers({ 603: exactly(2103, new Uint8Array(size)) });
      assertStringIncludes(await client.choose("151", "ben"), "Sent");
    }
    // Empty, as it should be, though others send content.
    assertEquals(server.asked.at(-1)?.header.payloadSize, 21);
  },
);

misbehaves(
  "answers that make no sense are named, and the menu comes back",
  async ({ server, client }) => {
    const cases: [Uint8Array, string][] = [
      [
        new Uint8Array(0),
        "it closed the connection before its response was complete",
      ],
      [
        utf8("HTT"),
        "it closed the connection before its response was complete",
      ],
      [
        utf8("HTTP/1.1 400 Bad Request\r\n\r\n"),
        "responded with 21588, expected 2101",
      ],
      [nothing, "responded with 2104, expected 2101"],
      [
        Uint8Array.fromHex("15030300020246"),
        "is a secure port, which takes the relay's whole mu:// line",
      ],
      [
        lying(2101, 0xffffffff, utf8("x")),
        "claims a response of 4294967295 bytes",
      ],
      [lying(2101, 271, utf8("x")), "it closed the connection before"],
      [
        exactly(2101, new Uint8Array(270)),
        "can't be read: clientsList[0].name",
      ],
    ];
    for (const [answer, sentence] of cases) {
      server.script = answers({ 601: answer });
      assertStringIncludes(await client.choose("120"), sentence);
    }
    server.script = answers({ 602: exactly(2102, new Uint8Array(160)) });
    assertStringIncludes(
      await client.choose("130", "ben"),
      'The public key of "ben" can\'t be used',
    );
    const stranger = concat([idOf(3), new Uint8Array(160)]);
    server.script = answers({ 602: exactly(2102, stranger) });
    assertStringIncludes(
      await client.choose("130", "ben"),
      "another than was asked for",
    );
  },
);

misbehaves(
  "a key that comes unasked, and again: all read, the last one sends (MSG-4 to MSG-6)",
  async (meeting) => {
    const { server, client, ben } = meeting;
    await meetBen(meeting);
    const second = await generateSymmetricKey();
    server.script = answers(
      { 603: exactly(2103, new Uint8Array(20)) },
      [
        await ben.keyMessage(),
        await ben.text("under the first"),
        await ben.keyMessage(second),
        await ben.text("under the second", second),
        await ben.text("under the first again"),
      ],
    );
    const output = await client.choose("140");
    assertStringIncludes(
      output,
      [
        shown("symmetric key received"),
        shown("under the first"),
        shown("symmetric key received"),
        shown("under the second"),
        shown("under the first again"),
      ].join("\n"),
    );
    assertStringIncludes(
      await client.choose("150", "ben", "hello"),
      "Sent",
    );
    const sent = server.asked.at(-1)?.payload.subarray(21) ??
      new Uint8Array();
    assertEquals(
      sent.toHex(),
      (await legacyEncrypt(second, utf8("hello"))).toHex(),
    );
    server.script = answers({}, [await ben.keyMessage()]);
    await client.choose("140");
  },
);

misbehaves(
  "slices, repeats and other orders (PUL-8)",
  async (meeting) => {
    const { server, client, ben } = meeting;
    await meetBen(meeting);
    const late = await generateSymmetricKey();
    const [a, b, c] = [
      await ben.text("one"),
      await ben.text("two"),
      await ben.text("before its key", late),
    ];
    const key = await ben.keyMessage(late);
    const again = await ben.keyMessage();
    server.script = answers({}, [a], [a, b], [c, key], [b, a], [again]);
    const output = await client.choose("140");
    const contents = [...output.matchAll(/Content:\n(.*)\n/g)]
      .map(([, content]) => content);
    assertEquals(contents, [
      "one",
      "two",
      "symmetric key received",
      "before its key",
      "symmetric key received",
    ]);
  },
);

misbehaves(
  "a text that a wrong key opens too waits for its own",
  async (meeting) => {
    const { server, client, ben } = meeting;
    await meetBen(meeting);
    const own = await generateSymmetricKey();
    const { text, message } = await ambiguous(ben, own, ben.key);
    const key = await ben.keyMessage(own);
    server.script = answers({}, [message, key, await ben.keyMessage()]);
    const output = await client.choose("140");
    assertEquals(
      [...output.matchAll(/Content:\n(.*)\n/g)].map(([, content]) => content),
      ["symmetric key received", "symmetric key received", text],
    );
  },
);

misbehaves(
  "a server that never deletes shows each message once",
  async (meeting) => {
    const { server, client, ben } = meeting;
    await meetBen(meeting);
    const batch = exactly(
      2104,
      responseCodecs[PULL].encode([await ben.text("for ever")]),
    );
    server.script = answers({ 604: batch });
    const before = server.asked.length;
    assertStringIncludes(await client.choose("140"), shown("for ever"));
    assert(server.asked.length - before < 10, "the pull ends");
    assertStringIncludes(await client.choose("140"), "No waiting messages");
  },
);

misbehaves(
  "what can't be decrypted costs nothing else, and is put aside (DLV-5)",
  async (meeting) => {
    const { server, client, ben, dir } = meeting;
    await meetBen(meeting);
    const stranger = await generateSymmetricKey();
    const foreign = await generateKeyPair();
    const batch = [
      await ben.text("first"),
      await unreadable(ben, [ben.key]),
      ben.message(2, await encryptKey(foreign.publicKey, stranger)),
      ben.message(3, new Uint8Array(15)),
      ben.message(4, new Uint8Array(0)),
      ben.message(9, utf8("of no known type")),
      ben.message(1, utf8("content that a request hasn't")),
      await ben.text("last"),
    ];
    server.script = answers({}, batch);
    const output = await client.choose("140");
    assertEquals(
      [...output.matchAll(/Content:\n(.*)\n/g)].map(([, content]) => content),
      [
        "first",
        "Request for symmetric key",
        "last",
        ...Array(5).fill("can't decrypt message"),
      ],
    );
    assertStringIncludes(
      output,
      "Messages that no key opens for certain: 5 from ben\n(They are kept ",
    );
    const [name] = (await namesIn(dir)).filter((name) =>
      name.startsWith("info.unread.")
    );
    const kept = `${dir}/${name}`;
    assertEquals(
      (await Deno.readFile(kept)).toHex(),
      responseCodecs[PULL].encode(batch.slice(1, 6)).toHex(),
    );
    await Deno.remove(kept);
    assertEquals(await filesIn(dir), ["info.me", "info.server", "info.store"]);
  },
);

misbehaves(
  "what couldn't be decrypted is read once its key comes",
  async (meeting) => {
    const { server, client, ben, dir } = meeting;
    await meetBen(meeting);
    const own = await generateSymmetricKey();
    const text = await ben.text("after all", own);
    server.script = answers({}, [text]);
    assertStringIncludes(
      await client.choose("140"),
      "Messages that no key opens for certain: 1 from ben",
    );
    server.script = answers({}, [await ben.keyMessage(own)]);
    assertStringIncludes(await client.choose("140"), shown("after all"));
    assertEquals(await filesIn(dir), ["info.me", "info.server", "info.store"]);
  },
);

misbehaves(
  "an answer that breaks off or is damaged keeps what stands before (DLV-4)",
  async (meeting) => {
    const { server, client, ben, dir } = meeting;
    await meetBen(meeting);
    const bytes = responseCodecs[PULL].encode([
      await ben.text("whole"),
      await ben.text("whole too"),
      await ben.text("cut off"),
    ]);
    const broken = lying(2104, bytes.length, bytes.subarray(0, -5));
    server.script = answers({}, broken);
    let output = await client.choose("140");
    assertStringIncludes(
      output,
      `${shown("whole")}\n${shown("whole too")}`,
    );
    assertStringIncludes(
      output,
      "it closed the connection before its response",
    );
    assertStringIncludes(output, "It is kept unchanged in ");
    const [d, e] = [
      await ben.text("fine"),
      await ben.text("claims too much"),
    ];
    const damaged = responseCodecs[PULL].encode([d, e]);
    new DataView(damaged.buffer).setUint32(
      responseCodecs[PULL].encode([d]).length + 21,
      1000,
      true,
    );
    server.script = answers({}, exactly(2104, damaged));
    output = await client.choose("140");
    assertStringIncludes(output, shown("fine"));
    assertStringIncludes(
      output,
      "The end of the response is damaged: waitingMessages[1].content: 1000 bytes claimed, 16 left",
    );
    assertEquals(await filesIn(dir), [
      "info.me",
      "info.server",
      "info.store",
      "info.unread",
      "info.unread",
    ]);
  },
);

misbehaves(
  "texts with a NUL, broken UTF-8 and what would move the cursor (MSG-2, MSG-7)",
  async (meeting) => {
    const { server, client, ben } = meeting;
    await meetBen(meeting);
    server.script = answers({}, [
      await ben.text("ends in a NUL\0"),
      await ben.text(new Uint8Array([0x61, 0xff, 0x62])),
      await ben.text("\x1b]0;title\x07\x1b[2Jhi\r\x9b1m \u202eevil"),
      await ben.text("a\n-----<EOM>-----\n\nFrom: mallory\nContent:\nlies"),
      await ben.text("-----<EOM>-----"),
      { ...await ben.text("x"), sender: idOf(0xcc) },
    ]);
    const output = await client.choose("140");
    assertStringIncludes(
      output,
      [
        shown("ends in a NUL"),
        shown("]0;title[2Jhi1m evil"),
        shown(
          "a\n  -----<EOM>-----\n  \n  From: mallory\n  Content:\n  lies",
        ),
        shown("  -----<EOM>-----"),
      ].join("\n"),
    );
    // It isn't UTF-8, so it may have been opened with a wrong key.
    assertStringIncludes(output, shown("a\ufffdb"));
    assertStringIncludes(
      output,
      `no key opens for certain: 1 from ben, 1 from ${"cc".repeat(16)}`,
    );
    // Somebody whom the list doesn't name.
    assertStringIncludes(
      output,
      shown("can't decrypt message", "cc".repeat(16)),
    );
    // deno-lint-ignore no-control-regex -- none of them may come through
    assert(!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(client.output));
  },
);

misbehaves(
  "large messages that are refused, cut or taken too early say so",
  async (meeting) => {
    const { server, client, dir } = meeting;
    await meetBen(meeting);
    const path = `${dir}/large.bin`;
    await Deno.writeFile(path, new Uint8Array(40_000_000));
    const hint =
      "The request had 40000060 bytes; some servers take no more than 1 KiB";
    // Refused after the start, or closed, or "taken": never a success.
    for (const answer of [refused, new Uint8Array(0), exactly(2103, BEN)]) {
      server.script = answers({ 603: answer });
      const output = await client.choose("153", "ben", path);
      assertStringIncludes(output, hint);
      assert(!output.includes("\nSent"), output);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a registration whose answer is lost keeps the key",
  async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    await using client = new MenuUser(folder.path, server.address);
    server.script = () => {};
    const output = await client.choose("110", "anna");
    assertStringIncludes(
      output,
      "it closed the connection before its response",
    );
    const kept = /its private key is in (\S+)\)/.exec(output)?.[1] ?? "";
    const [name, id, key] = (await Deno.readTextFile(kept)).split("\n");
    assertEquals([name, id], ["anna", "0".repeat(32)]);
    assertMatch(key ?? "", /^MII/);
    await assertMode(kept, 0o600);
    // The next try goes on with it.
    server.script = answers({ 600: exactly(2100, concat([ANNA, BEN])) });
    assertStringIncludes(
      await client.choose("110", "anna"),
      "Registered as anna",
    );
    assertEquals(await filesIn(folder.path), ["info.me", "info.server"]);
    assertStringIncludes(
      await Deno.readTextFile(`${folder.path}/info.me`),
      key ?? "",
    );
  },
);
