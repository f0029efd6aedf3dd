import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { createHash } from "node:crypto";
import {
  KEY,
  runClient,
  type Task,
} from "../../../lab/bench/file/run_client.ts";
import { Sink } from "../../../lab/bench/file/sink.ts";
import {
  importSymmetricKey,
  legacyEncrypt,
} from "../../../shared/crypto/crypto.ts";
import { waitingHead } from "../../../shared/wire/response_framer.ts";
import { asClientId } from "../../../shared/wire/field_types.ts";
import { responseHeader } from "../../../shared/wire/frames.ts";
import type { MessageId } from "../../../shared/wire/protocol.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { longTest, PROGRAMS } from "../../support/test_with.ts";

const MIB = 1024 * 1024;
const SMALL = 1024;
const LARGE = 160 * MIB + 5;
/** Bytes by which a large file may need more memory than a small one: less than itself. */
const MOST_GROWTH = 128 * MIB;
const ANNA = asClientId(new Uint8Array(16).fill(0xa1));
const BEN = asClientId(new Uint8Array(16).fill(0xb2));

const sha256 = (bytes: Uint8Array) =>
  createHash("sha256").update(bytes).digest("hex");

async function encrypted(size: number): Promise<Uint8Array<ArrayBuffer>> {
  const key = await importSymmetricKey(KEY);
  return await legacyEncrypt(key, new Uint8Array(size));
}

longTest(
  PROGRAMS,
  "a large file is sent in little more memory than a small one",
  async () => {
    await using sink = new Sink(true);
    await using folder = await temporaryFolder();
    const path = `${folder.path}/file`;
    const peaks: number[] = [];
    for (const size of [SMALL, LARGE]) {
      using file = await Deno.create(path);
      await file.truncate(size);
      const task: Task = {
        verb: "send",
        port: sink.address.port,
        me: ANNA,
        other: BEN,
        path,
      };
      peaks.push((await runClient(task, folder.path)).peak);
      const content = await encrypted(size);
      assertEquals(sink.taken.at(-1), {
        size: content.length,
        digest: sha256(content),
      });
    }
    checkGrowth(peaks);
  },
);

longTest(
  PROGRAMS,
  "a large file is received in little more memory than a small one",
  async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    const peaks: number[] = [];
    for (const size of [SMALL, LARGE]) {
      const content = await encrypted(size);
      const head = waitingHead.encode({
        sender: BEN,
        messageId: 1 as MessageId,
        type: 4,
        contentSize: content.length,
      });
      let pulls = 0;
      server.script = async (_asked, conn) => {
        const isFirst = pulls++ === 0;
        const payloadSize = isFirst ? head.length + content.length : 0;
        await writeAll(
          conn,
          concat([
            responseHeader.encode({ version: 2, code: 2104, payloadSize }),
            isFirst ? head : new Uint8Array(0),
          ]),
        );
        if (isFirst) await writeAll(conn, content);
      };
      const dir = `${folder.path}/${size}`;
      await Deno.mkdir(dir);
      const { peak, saved } = await runClient({
        verb: "receive",
        port: server.address.port,
        me: ANNA,
        other: BEN,
        path: dir,
      }, folder.path);
      assertEquals(saved.length, 1);
      const bytes = await Deno.readFile(saved[0] ?? "");
      assertEquals(bytes.length, size);
      assert(bytes.every((byte) => byte === 0), "the file as it was sent");
      assertEquals(await namesIn(dir), []);
      peaks.push(peak);
    }
    checkGrowth(peaks);
  },
);

function checkGrowth([small = 0, large = 0]: number[]): void {
  const growth = (large - small) / MIB;
  assert(
    growth < MOST_GROWTH / MIB,
    `${growth.toFixed(0)} MiB more for a file of ${
      (LARGE / MIB).toFixed(0)
    } MiB`,
  );
}
