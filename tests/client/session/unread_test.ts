import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  ConnectionError,
  RelayLink,
  ServerRefusedError,
  Session,
  type UserError,
} from "../../../client/mod.ts";
import {
  generateSymmetricKey,
  importPublicKey,
  legacyEncrypt,
} from "../../../shared/crypto/crypto.ts";
import { responseHeader } from "../../../shared/wire/frames.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import {
  type Register,
  requestCodecs,
  responseCodecs,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { BEN, Ben, unreadable } from "../../support/clients/ben.ts";
import {
  answers,
  idOf,
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
import { pull, receive } from "../../support/clients/receiving.ts";

const MIB = 1024 * 1024;
const DAY = 24 * 3_600_000;
const STRANGER = idOf(0x5c);

/** Anna, whose server hands out what a test says. */
async function scene() {
  const server = new ScriptedServer();
  const folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  const ben = await Ben.create();
  const problems: UserError[] = [];
  const notices: string[] = [];
  const open = () =>
    new Session(dir, new RelayLink(() => Promise.resolve(server.address)));
  using first = open();
  server.script = async ({ payload }, conn) => {
    const { publicKey } = requestCodecs.register.decode(payload) as Register;
    ben.annasKey = await importPublicKey(publicKey);
    await writeAll(conn, registered);
  };
  await first.register("anna");
  return {
    server,
    dir,
    ben,
    problems,
    notices,
    /** What a client that was started anew shows of these answers. */
    async pull(...batches: WaitingMessage[][]): Promise<string[]> {
      using session = open();
      server.script = answers({}, ...batches);
      const shown: string[] = [];
      await pull(session, {
        message: ({ kind, text }) => shown.push(text ?? kind),
        problem: (error) => problems.push(error),
        notice: (text) => notices.push(text),
      });
      return shown;
    },
    /** Works off what is left over, and doesn't get any further. */
    async pullRefused(): Promise<void> {
      using session = open();
      server.script = answers({ 604: refused });
      await receive(session, { problem: (error) => problems.push(error) });
    },
    async unread(): Promise<string[]> {
      return (await namesIn(dir)).filter((name) =>
        name.startsWith("info.unread.")
      );
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function fromStranger(text: string): Promise<WaitingMessage> {
  const key = await generateSymmetricKey();
  const content = await legacyEncrypt(key, utf8(text));
  const messageId = 1 as MessageId;
  return { sender: STRANGER, messageId, type: 3, content };
}

/** Bytes of the files, which take no room where they are sparse. */
async function sparse(
  dir: string,
  time: number,
  sender: ClientId,
  size: number,
): Promise<string> {
  const name =
    `info.unread.${time}.000000.${crypto.randomUUID()}.${sender.toHex()}.1`;
  using file = await Deno.create(`${dir}/${name}`);
  await file.truncate(size);
  return name;
}

testWith(
  LOOPBACK_AND_FILES,
  "of an answer only what no key opens is kept, and a key is tried on its sender's alone",
  async () => {
    await using stage = await scene();
    const { ben } = stage;
    const late = await generateSymmetricKey();
    const shown = await stage.pull([
      await ben.keyMessage(),
      await ben.text("x".repeat(200_000)),
      await fromStranger("nothing"),
      await ben.text("after all", late),
    ]);
    assertEquals(shown.slice(0, 2), ["key", "x".repeat(200_000)]);
    const kept = await stage.unread();
    assertEquals(
      kept.map((name) => name.split(".").slice(5).join(".")).sort(),
      [`${STRANGER.toHex()}.1`, `${BEN.toHex()}.1`].sort(),
    );
    for (const name of kept) {
      const path = `${stage.dir}/${name}`;
      assertEquals((await Deno.stat(path)).size, 25 + 16);
      await assertMode(path, 0o600);
    }
    assertEquals(stage.problems.map(({ message }) => message), [
      `Messages that no key opens for certain: 1 from ${STRANGER.toHex()}, 1 from ben`,
    ]);
    // The stranger's file isn't even opened: with nonsense in it nothing is said of it.
    const strangers = kept.find((name) => name.includes(STRANGER.toHex()));
    await Deno.writeTextFile(`${stage.dir}/${strangers}`, "nonsense");
    assertEquals(await stage.pull([await ben.keyMessage(late)]), [
      "key",
      "after all",
    ]);
    assertEquals(await stage.unread(), [strangers ?? ""]);
    assertEquals(
      await Deno.readTextFile(`${stage.dir}/${strangers}`),
      "nonsense",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a key is tried on what is kept though the client was killed before it did",
  async () => {
    await using stage = await scene();
    const { ben, dir } = stage;
    const late = await generateSymmetricKey();
    await stage.pull([await ben.text("after all", late)]);
    const [kept] = await stage.unread();
    assert(kept !== undefined);
    // Killed in between, the answer with the key and what is kept are there still.
    await Deno.rename(`${dir}/${kept}`, `${dir}/hidden`);
    const answer = `${dir}/info.inbox.1.000000.${crypto.randomUUID()}`;
    const bytes = responseCodecs[PULL].encode([
      await ben.keyMessage(late),
    ]);
    await Deno.writeFile(answer, bytes);
    await assertRejects(() => stage.pullRefused(), ServerRefusedError);
    await Deno.rename(`${dir}/hidden`, `${dir}/${kept}`);
    await Deno.writeFile(answer, bytes);
    assertEquals(await stage.pull(), ["key", "after all"]);
    assertEquals(await stage.unread(), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what an earlier client kept whole is read, and cut down to what stays unread",
  async () => {
    await using stage = await scene();
    const { ben, dir } = stage;
    const late = await generateSymmetricKey();
    await stage.pull([
      await fromStranger("nothing"),
      await ben.text("after all", late),
    ]);
    // An answer's messages in one file.
    const whole = `info.unread.1700000000000.000000.${crypto.randomUUID()}`;
    for (const name of await stage.unread()) {
      const bytes = await Deno.readFile(`${dir}/${name}`);
      await Deno.writeFile(`${dir}/${whole}`, bytes, { append: true });
      await Deno.remove(`${dir}/${name}`);
    }
    assertEquals(await stage.pull([await ben.keyMessage(late)]), [
      "key",
      "after all",
    ]);
    assertEquals(await stage.unread(), [`${whole}.${STRANGER.toHex()}.1`]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what is kept has a limit, and those of whom most is kept lose theirs",
  async () => {
    await using stage = await scene();
    const { dir, ben } = stage;
    const now = Date.now();
    const oldest = await sparse(dir, now - 3000, BEN, MIB);
    const flood = [];
    for (let i = 0; i < 3; i++) {
      flood.push(await sparse(dir, now - 2000 + i, STRANGER, 85 * MIB));
    }
    const [first = "", ...rest] = flood;
    await stage.pull([await unreadable(ben, [])]);
    const left = await stage.unread();
    assert(!left.includes(first), "the flood's oldest is gone");
    assertEquals(left.filter((name) => rest.includes(name)), rest);
    assert(left.includes(oldest));
    assertStringIncludes(
      stage.problems.map(({ message }) => message).join(),
      "There was no room for 1 message that couldn't be decrypted",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what is too old goes at the second look, since a clock may be wrong once",
  async () => {
    await using stage = await scene();
    const { dir } = stage;
    const now = Date.now();
    const name = await sparse(dir, now - 2000 * DAY, BEN, 100);
    const path = `${dir}/${name}`;
    await Deno.utime(
      path,
      new Date(now - 2000 * DAY),
      new Date(now - 2000 * DAY),
    );
    const fresh = await sparse(dir, now - 29 * DAY, BEN, 100);
    await stage.pull();
    assertEquals(await stage.unread(), [name, fresh].sort());
    assert(Date.now() - Number((await Deno.stat(path)).mtime) < DAY);
    await Deno.utime(path, new Date(now - 31 * DAY), new Date(now - 31 * DAY));
    await stage.pull();
    assertEquals(await stage.unread(), [fresh]);
    assertStringIncludes(stage.notices.join(), "1 file (info.unread.*)");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "an answer that claims too much is refused before any of it is taken",
  async () => {
    await using stage = await scene();
    const before = await namesIn(stage.dir);
    stage.server.script = async (_asked, conn) => {
      const header = { version: 2, code: 2104, payloadSize: 0xffffffff };
      await writeAll(conn, responseHeader.encode(header));
      // As much as the client takes, until it closes.
      await writeAll(conn, new Uint8Array(8 * MIB)).catch(() => {});
    };
    using anna = new Session(
      stage.dir,
      new RelayLink(() => Promise.resolve(stage.server.address)),
    );
    await assertRejects(
      () => receive(anna, { problem: () => {} }),
      ConnectionError,
      "claims a response of 4294967295 bytes, expected 1140850688 at most",
    );
    assertEquals(
      (await namesIn(stage.dir)).filter((name) => name !== "info.store"),
      before,
    );
  },
);
