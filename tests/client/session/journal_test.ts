import { dirname } from "node:path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FolderError, UserError } from "../../../client/errors.ts";
import { concat } from "@std/bytes";
import fc from "fast-check";
import {
  type Batch,
  FileContent,
  MemoryContent,
} from "../../../client/session/batch.ts";
import { Journal } from "../../../client/session/journal.ts";
import { saveReceivedFile } from "../../../client/session/received_files.ts";
import { DecryptError } from "../../../shared/crypto/crypto.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { readInbox } from "../../../lab/harness/responses.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import {
  responseCodecs,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { assertMode } from "../../support/file_mode.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { PULL } from "../../../kit/requests.ts";
import { assertRejectsWith } from "../../support/system_errors.ts";

const MIB = 1024 * 1024;

const messages = fc.array(
  fc.record({
    sender: fc.nat(255).map((byte) =>
      new Uint8Array(16).fill(byte) as Uint8Array as ClientId
    ),
    messageId: fc.nat().map((id) => id as MessageId),
    type: fc.integer({ min: 1, max: 9 }),
    content: fc.oneof(
      fc.nat(100),
      fc.constantFrom(0, 65510, 65511, 65536, 65537, 200_000),
    ).map((size) => new Uint8Array(size).fill(size)),
  }),
  { maxLength: 6 },
);

/** An answer that claims `size` bytes and breaks off where there are fewer. */
function arriving(bytes: Uint8Array, size = bytes.length, cut = 50_000) {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += cut) {
      yield await Promise.resolve(new Uint8Array(bytes.subarray(at, at + cut)));
    }
    if (bytes.length < size) throw new Error("it broke off");
  }
  return { size, pieces: pieces() };
}

async function loaded(batch: Batch): Promise<WaitingMessage[]> {
  const all: WaitingMessage[] = [];
  for await (const message of batch.messages()) {
    all.push({ ...message, content: await message.content.bytes() });
  }
  return all;
}

function never(reason: unknown): never {
  throw reason;
}

testWith(
  FILES,
  "what a file or memory holds is read as the whole answer would be, cut off anywhere",
  async () => {
    await using folder = await temporaryFolder();
    for (const dir of [folder.path, `${folder.path}/missing`]) {
      const journal = new Journal(dir);
      await fc.assert(
        fc.asyncProperty(messages, fc.nat(), async (sent, cut) => {
          const whole = responseCodecs[PULL].encode(sent);
          for (const end of [whole.length, cut % (whole.length + 1)]) {
            const payload = whole.subarray(0, end);
            const expected: WaitingMessage[] = [];
            let damage: unknown;
            try {
              for (const one of readInbox(payload)) expected.push(one);
            } catch (error) {
              damage = error;
            }
            const batch = await journal.add(
              arriving(payload, whole.length),
              () => {},
            );
            if (batch === undefined) {
              assertEquals(end, 0);
              continue;
            }
            assertEquals(batch.path !== undefined, dir === folder.path);
            const found: WaitingMessage[] = [];
            const reading = async () => {
              for await (const message of batch.messages()) {
                const content = await message.content.bytes();
                found.push({ ...message, content });
              }
            };
            if (damage === undefined) await reading();
            else {
              const { message } = damage as FormatError;
              const error = await assertRejects(reading, FormatError);
              assertEquals(error.message, message);
            }
            assertEquals(found, expected);
            await journal.done(batch);
          }
        }),
        { numRuns: 40 },
      );
    }
    assertEquals(await namesIn(folder.path), []);
  },
);

testWith(
  FILES,
  "answers wait in files of their own, and leftovers come oldest first",
  async () => {
    await using folder = await temporaryFolder();
    const first = new Journal(folder.path);
    const payloads = [1, 2, 3].map((byte) =>
      responseCodecs[PULL].encode([{
        sender: new Uint8Array(16).fill(byte) as Uint8Array as ClientId,
        messageId: byte as MessageId,
        type: 3,
        content: new Uint8Array(70_000).fill(byte),
      }])
    );
    for (const payload of payloads) await first.add(arriving(payload), never);
    // Another run finds them.
    const second = new Journal(folder.path);
    const batches = await Array.fromAsync(second.leftovers(never));
    const ids = (await Promise.all(batches.map(loaded))).flat()
      .map(({ messageId }) => messageId);
    assertEquals(ids, [1, 2, 3] as MessageId[]);
    const [a, b, c] = batches;
    assert(a !== undefined && b !== undefined && c !== undefined);
    await assertMode(a.path ?? "", 0o600);
    await second.done(a);
    await first.done(a);
    await second.done(c);
    assertEquals((await namesIn(folder.path)).length, 1);
  },
);

testWith(
  FILES,
  "of an answer that breaks off, what arrived is kept",
  async () => {
    await using folder = await temporaryFolder();
    const [first, second] = [
      new Journal(folder.path),
      new Journal(folder.path),
    ];
    const answer = arriving(new Uint8Array(100_010), 200_000);
    const batch = await first.add(answer, never);
    assertEquals(batch?.size, 100_010);
    const [leftover] = await Array.fromAsync(second.leftovers(never));
    assertEquals([leftover?.path, leftover?.size], [batch?.path, 100_010]);
    // Nothing of it leaves nothing.
    const none = arriving(new Uint8Array(0), 200_000);
    assertEquals(await first.add(none, never), undefined);
    assertEquals((await namesIn(folder.path)).length, 1);
  },
);

testWith(
  FILES,
  "an answer whose file is gone before anything came is none",
  async () => {
    await using folder = await temporaryFolder();
    // deno-lint-ignore require-yield -- it breaks off before that
    async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      for (const name of await namesIn(folder.path)) {
        await Deno.remove(`${folder.path}/${name}`);
      }
      throw new Error("it broke off");
    }
    const answer = { size: 100, pieces: pieces() };
    assertEquals(await new Journal(folder.path).add(answer, never), undefined);
  },
);

testWith(
  FILES,
  "an answer that neither the disk nor memory takes isn't read",
  async () => {
    await using folder = await temporaryFolder();
    const journal = new Journal(`${folder.path}/missing`);
    let read = false;
    // deno-lint-ignore require-yield -- to be told whether anybody asks
    async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      read = true;
      await Promise.resolve();
    }
    const reasons: unknown[] = [];
    await assertRejects(
      () =>
        journal.add(
          { size: 300 * MIB, pieces: pieces() },
          (reason) => reasons.push(reason),
        ),
      UserError,
      "The server's response has 314572800 bytes, more than the disk can hold",
    );
    assertEquals([read, reasons.length], [false, 1]);
  },
);

testWith(FILES, "a content is the same in a file and in memory", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const around = new Uint8Array(10);
  const bytes = Uint8Array.from({ length: 2 * MIB + 77 }, (_, i) => i * 31);
  await Deno.writeFile(path, concat([around, bytes, around]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  for (
    const content of [
      new FileContent(path, 10, bytes.length),
      new MemoryContent(bytes),
    ]
  ) {
    assertEquals(content.size, bytes.length);
    assertEquals((await content.bytes()).toHex() === bytes.toHex(), true);
    assertEquals(await content.digest(), digest);
    assertEquals(await content.tail(32), bytes.slice(-32));
    assertEquals(await content.part(5, 0).bytes(), new Uint8Array(0));
    assertEquals(await content.part(5, 3).tail(32), bytes.slice(5, 8));
    for await (const piece of content.pieces()) assert(piece.length <= MIB);
  }
  const tooLong = new FileContent(path, 10, bytes.length + 11);
  await assertRejects(() => tooLong.bytes(), FolderError, "got its end");
});

testWith(
  FILES,
  "of a file that can't be decrypted nothing is left",
  async () => {
    let path: string | undefined;
    async function* pieces() {
      const size = 300_000 + crypto.getRandomValues(new Uint16Array(1))[0]!;
      yield new Uint8Array(size);
      // It is asked for more once the first piece is in the file.
      const temp = await Deno.makeTempFile();
      await Deno.remove(temp);
      const folder = dirname(temp);
      for (const name of await namesIn(folder)) {
        if (!name.startsWith("messageu-")) continue;
        const info = await Deno.stat(`${folder}/${name}`).catch(() =>
          undefined
        );
        if (info?.isFile && info.size === size) path = `${folder}/${name}`;
      }
      throw new DecryptError("a wrong key");
    }
    await assertRejects(() => saveReceivedFile(pieces()), DecryptError);
    assert(path !== undefined, "it was there");
    await assertRejectsWith("ENOENT", () => Deno.stat(path ?? ""));
  },
);
