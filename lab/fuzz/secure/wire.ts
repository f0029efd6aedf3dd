/**
 * Bytes that are no TLS, and TLS that is damaged on its way.
 *
 * @module
 */

import { closeConn } from "../../../kit/close_conn.ts";
import { concat } from "@std/bytes";
import { SecurePeer } from "../../harness/secure/peer.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import type { Random } from "../../harness/random.ts";

/** What a record of TLS begins with: its type, and version 3.1. */
const TYPES = [20, 21, 22, 23, 24, 0x80];

/** Random bytes, mostly with the header of a record before them. */
export function notTls(random: Random): Uint8Array {
  const body = random.bytes(random.between(0, 2000));
  const size = random.oneIn(3) ? random.below(1 << 16) : body.length;
  const header = [random.pick(TYPES), 3, random.below(5), size >> 8, size];
  return random.oneIn(4) ? body : concat([new Uint8Array(header), body]);
}

/** Writes bytes to the relay's port as they are, and leaves it open. */
export async function writeRaw(
  { hostname, port }: RelayLine,
  bytes: Uint8Array,
): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname, port });
  // The relay may be done with it already.
  await writeAll(conn, bytes).catch(() => {});
  return conn;
}

/**
 * Connects, greets and pings over a line on which one byte from the client is
 * flipped. Whatever comes of it at the client is right.
 *
 * @param at the flipped byte's offset in all that the client sends
 */
export async function damaged(line: RelayLine, at: number): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const passing = passOn(listener, line, at);
  const { port } = listener.addr;
  try {
    using peer = await SecurePeer.connect({ ...line, port });
    for (let i = 0; i < 10; i++) await peer.hello();
  } catch {
    // The damage was seen, by either side.
  }
  await passing;
}

/** Milliseconds after which a line whose damage shows nowhere is cut. */
const PATIENCE = 200;

async function passOn(
  listener: Deno.TcpListener,
  { hostname, port }: RelayLine,
  at: number,
): Promise<void> {
  const client = await listener.accept();
  const relay = await Deno.connect({ hostname, port });
  const cut = () => {
    closeConn(client);
    closeConn(relay);
  };
  // A length that was made larger has the relay wait for more.
  const timer = setTimeout(cut, PATIENCE);
  await Promise.all([copy(client, relay, at), copy(relay, client, Infinity)]);
  clearTimeout(timer);
  cut();
}

/** Passes bytes on, one of them flipped, until either side is done. */
async function copy(from: Deno.Conn, to: Deno.Conn, at: number): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  let passed = 0;
  try {
    for (;;) {
      const size = await from.read(buffer);
      if (size === null) break;
      if (at >= passed && at < passed + size) {
        buffer[at - passed] = (buffer[at - passed] ?? 0) ^ 0x55;
      }
      passed += size;
      await writeAll(to, buffer.subarray(0, size));
    }
    await to.closeWrite();
  } catch {
    closeConn(to);
  }
}
