/**
 * A client at work on one file. Its arguments: `send` or `receive`, the relay's
 * port on the loopback, its own id, the other's id and their key in hex digits, and
 * the file to send or the folder to receive in. It prints one line of JSON.
 */

import { decodeHex } from "@std/encoding";
import { Journal } from "../../../client/session/journal.ts";
import type { Batch } from "../../../client/session/batch.ts";
import { openOutgoingFile } from "../../../client/session/outgoing_file.ts";
import { ContactKeys } from "../../../client/session/opening.ts";
import { saveReceivedFile } from "../../../client/session/received_files.ts";
import { RelayLink } from "../../../client/link/relay_link.ts";
import {
  importSymmetricKey,
  legacyCiphertextSize,
  legacyEncryptPieces,
} from "../../../shared/crypto/crypto.ts";
import { asClientId } from "../../../shared/wire/field_types.ts";
import { MessageType } from "../../../shared/wire/protocol.ts";

/** What the process did. */
export interface Transferred {
  /** Milliseconds for the file, without the process's start. */
  ms: number;
  /** Bytes of resident memory at the most, looked at each 2 ms. */
  peak: number;
  /** Where the received files are. */
  saved: string[];
}

const [verb, port, ...rest] = Deno.args;
const [own = "", others = "", keyHex = "", path = ""] = rest;
const me = asClientId(decodeHex(own));
const key = await importSymmetricKey(decodeHex(keyHex));
const keys = new ContactKeys([key], key);
const address = { hostname: "127.0.0.1", port: Number(port) };
const link = new RelayLink(() => Promise.resolve(address));

async function send(): Promise<void> {
  const { size, pieces } = await openOutgoingFile(path);
  await link.send(me, {
    target: asClientId(decodeHex(others)),
    type: MessageType.File,
    content: {
      size: legacyCiphertextSize(size),
      pieces: legacyEncryptPieces(key, pieces),
    },
  });
}

async function receive(): Promise<string[]> {
  const saved: string[] = [];
  const journal = new Journal(path);
  for (;;) {
    let batch: Batch | undefined;
    await link.pull(me, async (answer) => {
      batch = await journal.add(answer, (reason) => {
        throw reason;
      });
    });
    if (batch === undefined) return saved;
    for await (const { content } of batch.messages()) {
      await content.digest();
      const { pieces } = await keys.openPieces(content);
      saved.push((await saveReceivedFile(pieces)).path);
    }
    await journal.done(batch);
  }
}

// What the system calls the peak may be that of the process that started us.
let peak = 0;
const look = () => {
  peak = Math.max(peak, Deno.memoryUsage().rss);
};
const looking = setInterval(look, 2);
const start = performance.now();
const saved = verb === "send" ? (await send(), []) : await receive();
const ms = performance.now() - start;
clearInterval(looking);
look();
console.log(JSON.stringify({ ms, peak, saved } satisfies Transferred));
