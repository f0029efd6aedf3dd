import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  FolderError,
  type Message,
  RelayLink,
  Session,
  type UserError,
} from "../../../client/mod.ts";
import { createIdentity } from "../../../client/keys/registration.ts";
import { loadIdentity } from "../../../client/keys/identity.ts";
import { UserError as UserErrorClass } from "../../../client/errors.ts";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import { responseCodecs } from "../../../shared/wire/requests.ts";
import { ConsoleClient } from "../../support/clients/console.ts";
import {
  namesIn,
  temporaryFolder,
  type TestRelay,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import {
  FILES,
  lacking,
  LOOPBACK_AND_FILES,
  TERMINALS,
  testWith,
} from "../../support/test_with.ts";
import { PULL } from "../../../kit/requests.ts";
import { pull } from "../../support/clients/receiving.ts";

const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;

/** A session that keeps what it received and complained of. */
class Someone implements Disposable {
  readonly session: Session;
  readonly problems: UserError[] = [];

  constructor(dir: string, address: { hostname: string; port: number }) {
    this.session = new Session(
      dir,
      new RelayLink(() => Promise.resolve(address)),
    );
  }

  async pull(): Promise<Message[]> {
    const messages: Message[] = [];
    await pull(this.session, {
      message: (message) => messages.push(message),
      problem: (error) => this.problems.push(error),
    });
    return messages;
  }

  [Symbol.dispose](): void {
    this.session.close();
  }
}

/** Who said what. */
const said = (messages: readonly Message[]) =>
  messages.map(({ contact, kind, text }) => [contact, kind, text]);

async function pair(relay: TestRelay, dir: string) {
  const anna = new Someone(`${dir}/anna`, relay.address);
  const ben = new Someone(`${dir}/ben`, relay.address);
  await anna.session.register("anna");
  await ben.session.register("ben");
  await ben.session.outbox.sendKey("anna");
  await anna.pull();
  return {
    anna,
    ben,
    [Symbol.dispose]() {
      anna[Symbol.dispose]();
      ben[Symbol.dispose]();
    },
  };
}

testWith(
  LOOPBACK_AND_FILES,
  "an inbox of several MiB comes in slices, each message once",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    using both = await pair(relay, folder.path);
    const { anna, ben } = both;
    const texts = Array.from(
      { length: 12 },
      (_, i) => `${i} `.padEnd(400_000, "x"),
    );
    for (const text of texts) await ben.session.outbox.sendText("anna", text);
    const received = await anna.pull();
    assertEquals(
      received.map((message) => message.kind === "text" && message.text),
      texts,
    );
    assertEquals(await anna.pull(), []);
    assertEquals(anna.problems, []);
    assertEquals(await namesIn(`${folder.path}/anna`), [
      "info.me",
      "info.store",
    ]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "both send a key at once, and both still read each other",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    using both = await pair(relay, folder.path);
    const { anna, ben } = both;
    await anna.session.outbox.sendKey("ben");
    await ben.session.outbox.sendKey("anna");
    await anna.session.outbox.sendText("ben", "from anna");
    await ben.session.outbox.sendText("anna", "from ben");
    const texts = async (who: Someone) =>
      (await who.pull()).flatMap((message) =>
        message.kind === "text" ? [message.text] : []
      );
    assertEquals(await texts(anna), ["from ben"]);
    assertEquals(await texts(ben), ["from anna"]);
    await anna.session.outbox.sendText("ben", "again");
    assertEquals(await texts(ben), ["again"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what an earlier run didn't get done with is shown first",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    using both = await pair(relay, folder.path);
    const { anna, ben } = both;
    const benId = (await ben.session.identity())?.clientId ?? idOf(0);
    const dir = `${folder.path}/anna`;
    const left = {
      sender: benId,
      messageId: 77 as MessageId,
      type: 1,
      content: new Uint8Array(0),
    };
    const uuid = crypto.randomUUID();
    await Deno.writeFile(
      `${dir}/info.inbox.1700000000000.000000.${uuid}`,
      responseCodecs[PULL].encode([left]),
    );
    // Names that only look alike are nobody's business.
    await Deno.mkdir(`${dir}/info.inbox.backup`);
    await ben.session.outbox.sendText("anna", "new");
    assertEquals(said(await anna.pull()), [
      ["ben", "keyRequest", undefined],
      ["ben", "text", "new"],
    ]);
    assertEquals(await namesIn(dir), [
      "info.inbox.backup",
      "info.me",
      "info.store",
    ]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "nothing is taken from the relay while there is nowhere to keep it",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    using both = await pair(relay, folder.path);
    const { anna, ben } = both;
    await ben.session.outbox.sendText("anna", "hello");
    const dir = `${folder.path}/anna`;
    await Deno.rename(dir, `${dir}.away`);
    await assertRejects(() => anna.pull(), FolderError, "can't be locked");
    await Deno.rename(`${dir}.away`, dir);
    assertEquals(said(await anna.pull()), [["ben", "text", "hello"]]);
  },
);

testWith(
  TERMINALS,
  "a file that can't be saved is kept until it can",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    using both = await pair(relay, folder.path);
    const { ben } = both;
    const temp = `${folder.path}/temp`;
    const { port } = relay.address;
    await using cora = await ConsoleClient.startIn(
      { TMPDIR: temp },
      "--dir",
      `${folder.path}/cora`,
      "--server",
      `127.0.0.1:${port}`,
    );
    await cora.choose("110", "cora");
    await ben.session.outbox.sendKey("cora");
    const path = `${folder.path}/file`;
    await Deno.writeTextFile(path, "precious");
    await ben.session.outbox.sendFile("cora", path);
    await ben.session.outbox.sendText("cora", "there you are");
    const first = await cora.choose("140");
    assertStringIncludes(first, "Can't save a received file: ");
    assertStringIncludes(first, "It is kept: pull again once there is room");
    assertStringIncludes(first, "there you are");
    await Deno.mkdir(temp);
    const second = await cora.choose("140");
    assert(!second.includes("there you are"), "shown once");
    const saved = /Content:\n(.+)\n/.exec(second)?.[1] ?? "";
    assert(saved.startsWith(`${temp}/messageu-`));
    assertEquals(await Deno.readTextFile(saved), "precious");
    assertStringIncludes(await cora.choose("140"), "No waiting messages");
    assertEquals(await namesIn(`${folder.path}/cora`), [
      "info.me",
      "info.server",
      "info.store",
    ]);
  },
  lacking("pseudo-terminals"),
);

testWith(LOOPBACK_AND_FILES, "only regular files are sent", async () => {
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  using both = await pair(relay, folder.path);
  const { ben } = both;
  const send = (path: string) => ben.session.outbox.sendFile("anna", path);
  const missing = `${folder.path}/missing`;
  await assertRejects(() => send(missing), UserErrorClass, "file not found");
  const below = `${folder.path}/ben/info.me/x`;
  await assertRejects(() => send(below), UserErrorClass, "file not found");
  await assertRejects(
    () => send(folder.path),
    UserErrorClass,
    "is not a regular file",
  );
});

testWith(
  LOOPBACK_AND_FILES,
  "a refused registration leaves nothing behind",
  async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    server.script = async (_asked, conn) => {
      await conn.write(encodeResponse({ code: 9000, payload: {} }));
    };
    using anna = new Someone(`${folder.path}/anna`, server.address);
    await assertRejects(
      () => anna.session.register("anna"),
      UserErrorClass,
      "server responded with an error",
    );
    assertEquals(await namesIn(folder.path), []);
  },
);

testWith(
  FILES,
  "an identity is never written over, not even by a second client",
  async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const path = `${dir}/info.me`;
    const error = await assertRejects(
      () =>
        createIdentity(dir, "anna", async () => {
          await Deno.writeTextFile(path, "somebody was faster");
          return idOf(1);
        }),
      UserErrorClass,
      `You are registered, but ${path} can't be written`,
    );
    assertEquals(await Deno.readTextFile(path), "somebody was faster");
    assertStringIncludes(error.hint ?? "", "01".repeat(16));
    const kept = /Your key is in (\S+),/.exec(error.hint ?? "")?.[1] ?? "";
    assert((await Deno.readTextFile(kept)).startsWith("anna\n"));
    await Deno.remove(path);
    for (const name of ["me.info", "my.info", "info.me"]) {
      await Deno.writeTextFile(`${dir}/${name}`, "");
      await assertRejects(
        () => createIdentity(dir, "anna", () => Promise.resolve(idOf(1))),
        UserErrorClass,
        `You are registered already: ${dir}/${name} exists`,
      );
      await Deno.remove(`${dir}/${name}`);
    }
  },
);

testWith(FILES, "an identity that is made can be loaded", async () => {
  await using folder = await temporaryFolder();
  const dir = `${folder.path}/new`;
  assertEquals(await loadIdentity(dir), undefined);
  await createIdentity(dir, "anna", (publicKey) => {
    assertEquals(publicKey.length, 160);
    return Promise.resolve(idOf(9));
  });
  const me = await loadIdentity(dir);
  assertEquals([me?.name, me?.clientId.toHex()], ["anna", "09".repeat(16)]);
  assertEquals(await namesIn(dir), ["info.me"]);
});
