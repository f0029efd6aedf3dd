/**
 * Measures a client that sends and receives large files, each time in a process
 * of its own: how fast it is, and how much memory it needs at the most.
 */

import { RelayLink } from "../../client/link/relay_link.ts";
import { startRelay } from "../../server/mod.ts";
import { defaultLimits, openSqliteStore } from "../../server/mod.ts";
import { asClientId } from "../../shared/wire/field_types.ts";
import {
  type ClientId,
  PUBLIC_KEY_SIZE,
  SEND_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import { runClient, type Task } from "./file/run_client.ts";
import { Sink } from "./file/sink.ts";
import { describeMachine } from "./relay/machine.ts";
import { table } from "../generate/markdown.ts";
import { figure } from "./relay/table.ts";

const KIB = 1024;
const MIB = KIB * KIB;
/** Bytes of the largest message that the second relay takes. */
const RAISED = 512 * MIB;

const dir = await Deno.makeTempDir({ prefix: "messageu-bench-" });
const rows: string[][] = [[
  "work",
  "bytes",
  "MiB/s",
  "peak memory, MiB",
]];

/** A file of this many bytes, none of which is a hole. */
async function makeFile(size: number): Promise<string> {
  const path = `${dir}/file`;
  using file = await Deno.create(path);
  const block = new Uint8Array(MIB);
  for (let at = 0; at < MIB; at += 65536) {
    crypto.getRandomValues(block.subarray(at, at + 65536));
  }
  for (let left = size; left > 0;) {
    left -= await file.write(block.subarray(0, Math.min(left, MIB)));
  }
  await file.sync();
  return path;
}

async function measure(work: string, size: number, task: Task): Promise<void> {
  const { ms, peak, saved } = await runClient(task, dir);
  for (const path of saved) {
    const found = (await Deno.stat(path)).size;
    if (found !== size) throw new Error(`Expected ${size} bytes, got ${found}`);
    await Deno.remove(path);
  }
  rows.push([
    work,
    size.toLocaleString("en"),
    size < MIB ? "" : figure(size / MIB / (ms / 1000)),
    figure(peak / MIB),
  ]);
}

async function throughRelay(maxMessage: number, sizes: number[]) {
  const store = await openSqliteStore(`${dir}/${maxMessage}.db`);
  const relay = startRelay({
    listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    store,
    limits: { maxMessage, maxInflight: 4 * maxMessage },
  });
  const { port } = relay.address;
  const link = new RelayLink(() =>
    Promise.resolve({ hostname: "127.0.0.1", port })
  );
  const key = new Uint8Array(PUBLIC_KEY_SIZE);
  const anna = await link.register("anna", key);
  const ben = await link.register("ben", key);
  for (const size of sizes) {
    const limit = `relay that takes ${maxMessage / MIB} MiB`;
    await measure(`send, ${limit}`, size, {
      verb: "send",
      port,
      me: anna,
      other: ben,
      path: await makeFile(size),
    });
    await measure(`receive, ${limit}`, size, {
      verb: "receive",
      port,
      me: ben,
      other: anna,
      path: dir,
    });
  }
  await relay.close();
  await store.close();
}

/** Bytes of the largest file whose ciphertext has room in a message of this size. */
function largestFile(maxMessage: number): number {
  return Math.floor((maxMessage - SEND_OVERHEAD) / 16) * 16 - 1;
}

try {
  await using sink = new Sink(false);
  const client: ClientId = asClientId(new Uint8Array(16).fill(0xa1));
  for (const size of [KIB, 64 * MIB, 1024 * MIB]) {
    await measure("send, server that only reads", size, {
      verb: "send",
      port: sink.address.port,
      me: client,
      other: client,
      path: await makeFile(size),
    });
  }
  const usual = defaultLimits.maxMessage;
  await throughRelay(usual, [KIB, largestFile(usual)]);
  await throughRelay(RAISED, [largestFile(RAISED)]);
  console.log(`${describeMachine(dir)}\n\n${table(rows)}`);
} finally {
  await Deno.remove(dir, { recursive: true });
}
