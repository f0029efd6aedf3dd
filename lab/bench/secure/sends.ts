import type { SecureIdentity } from "../../harness/secure/identity.ts";
import { secureFrame, type SecurePeer } from "../../harness/secure/peer.ts";
import { drawUid } from "../../../shared/secure/secure_protocol.ts";
import {
  secureResponseCode,
  secureResponseCodecs,
} from "../../../shared/secure/secure_requests.ts";
import { RESPONSE_HEADER_SIZE } from "../../../shared/wire/protocol.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { CONTENT_SIZE } from "../relay/fixtures.ts";

/** What a load of sends reached. */
export interface Sends {
  /** Acknowledged sends a second. */
  rate: number;
  /** The median time in milliseconds. */
  median: number;
  /** Milliseconds that 99 of 100 stay below. */
  p99: number;
  /** Share of one processor that the load used. */
  cpu: number;
}

/** An account with an open connection. */
interface Sender {
  readonly peer: SecurePeer;
  readonly identity: SecureIdentity;
}

/** Where a 3007 has its uid and its count. */
const UID_AT = 23;
const COUNT_AT = 39;

/** Each sender sends to any of them, one request in flight. */
export async function measureSends(
  senders: readonly Sender[],
  { seconds }: { seconds: number },
  cpu: () => number,
): Promise<Sends> {
  const loads = senders.map(({ peer, identity }) => ({
    conn: peer.conn,
    frames: senders.map(({ identity: to }) => frame(identity, to)),
  }));
  const before = cpu();
  const start = performance.now();
  const deadline = start + 1000 * seconds;
  const latencies: number[] = [];
  await Promise.all(loads.map(async ({ conn, frames }) => {
    const response = new Uint8Array(RESPONSE_SIZE);
    const view = new DataView(response.buffer);
    for (let sent = start; sent < deadline;) {
      const bytes = frames[Math.floor(Math.random() * frames.length)];
      if (bytes === undefined) return;
      renew(bytes);
      const written = await conn.write(bytes);
      if (written < bytes.length) {
        await writeAll(conn, bytes.subarray(written));
      }
      // With as little work as the load of legacy sends.
      for (let size = 0; size < RESPONSE_SIZE;) {
        const count = await conn.read(response.subarray(size));
        if (count === null) throw new Error("Expected a 4007, got the end");
        size += count;
      }
      const code = view.getUint16(CODE_AT, true);
      if (code !== SENT_CODE) throw new Error(`Expected a 4007, got ${code}`);
      const now = performance.now();
      if (now <= deadline) latencies.push(now - sent);
      sent = now;
    }
  }));
  const lasted = performance.now() - start;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    rate: latencies.length / seconds,
    median: at(0.5),
    p99: at(0.99),
    cpu: (cpu() - before) / lasted,
  };
}

/** Bytes of a 4007. */
const RESPONSE_SIZE = RESPONSE_HEADER_SIZE +
  (secureResponseCodecs.send.fixedSize ?? 0);
const SENT_CODE = secureResponseCode("send");
/** Where a response has its code, as a u16. */
const CODE_AT = 1;

/** A sending of a text to one account. */
export function frame(
  { device }: Pick<SecureIdentity, "device">,
  { record, device: to }: SecureIdentity,
): Uint8Array<ArrayBuffer> {
  return secureFrame("send", {
    uid: drawUid(),
    count: 0,
    account: record.account,
    recordVersion: record.version,
    lifetime: 0,
    envelopes: [{
      device: to,
      content: crypto.getRandomValues(new Uint8Array(CONTENT_SIZE)),
    }],
  }, device);
}

/** Counts of this process: higher ones than in all processes before it. */
let count = Date.now() * 1000;

/** Makes another sending of a frame: a new uid, of this time, and a new count. */
export function renew(frame: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(frame.buffer);
  const time = Date.now();
  const low = ++count % 2 ** 32;
  view.setUint16(UID_AT, Math.floor(time / 2 ** 32));
  view.setUint32(UID_AT + 2, time % 2 ** 32);
  view.setUint32(UID_AT + 12, low);
  view.setUint32(COUNT_AT, low, true);
  view.setUint32(COUNT_AT + 4, Math.floor(count / 2 ** 32), true);
}
