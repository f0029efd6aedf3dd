/**
 * Attacks on a relay's memory, turns and table of connections. Each opens its
 * connections from addresses of its own and then goes on as it began. As a
 * program: `begin` with an attack's name and a port, and `standing` for the
 * number of connections that the relay hasn't closed.
 *
 * @module
 */

import { encodeRequest } from "../../../shared/wire/frames.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { serveCommands } from "../relay/child.ts";
import { userId } from "../relay/fixtures.ts";
import { keyRequest, listRequest, pullRequest } from "../../../kit/requests.ts";
import { SocketConn } from "../../../kit/raw_connection.ts";

/** A registered user whose inbox has a message of 16 MiB. */
export const LARGE: ClientId = userId(0);
/** A registered user whose inbox has 10,000 messages of a byte. */
export const MANY: ClientId = userId(1);
/** A registered user with an empty inbox. */
const EMPTY = userId(2);
/** The user who isn't an attacker. */
export const USER: ClientId = userId(3);

/** One attack. */
export interface Attack {
  /** Connections. */
  connections: number;
  /** Addresses that they come from. */
  addresses: number;
  /** Users that are registered before. Default: none. */
  users?: number;
  /** The relay's flags, where its default limits are beyond this machine. */
  flags?: readonly string[];
  /** What each connection does once it is open. */
  act(line: SocketConn): Promise<unknown>;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** A message of so many bytes that a client sends to itself. */
export function send(clientId: ClientId, size: number): Uint8Array {
  const content = new Uint8Array(size);
  const message = { target: clientId, type: 4, content } as const;
  return encodeRequest("sendMessage", message, { clientId });
}

/** So many bytes of a message of so many. */
const half = (size: number, sent: number): Attack["act"] => {
  let frame: Uint8Array | undefined;
  return (line) => line.write((frame ??= send(EMPTY, size)).subarray(0, sent));
};

/** Sends so many bytes of a message, and then some more each second. */
const trickle = (size: number, sent: number, each: number): Attack["act"] => {
  let frame: Uint8Array | undefined;
  return async (line) => {
    frame ??= send(EMPTY, size);
    await line.write(frame.subarray(0, sent));
    for (let at = sent; !line.ended && at < size; at += each) {
      await pause(1000);
      await line.write(frame.subarray(at, at + each));
    }
  };
};

/** Sends requests again and again, and reads nothing. */
const flood = (request: Uint8Array): Attack["act"] => {
  const count = Math.ceil(64 * KIB / request.length);
  const block = new Uint8Array(count * request.length);
  for (let i = 0; i < count; i++) block.set(request, i * request.length);
  return async (line) => {
    while (!line.ended) await line.write(block);
  };
};

/** Asks again and again, and reads all of it. */
const devour = (request: Uint8Array): Attack["act"] => async (line) => {
  const into = new Uint8Array(256 * KIB);
  const reading = async () => {
    while (await line.read(into) !== null);
  };
  const read = reading();
  while (!line.ended) {
    await line.write(request);
    await pause(50);
  }
  await read;
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const attacks: Readonly<Record<string, Attack>> = {
  "none": { connections: 0, addresses: 1, act: () => Promise.resolve() },
  "unread-pulls": {
    connections: 450,
    addresses: 1,
    act: (line) => line.write(pullRequest(LARGE)),
  },
  "sipped-pulls": {
    connections: 450,
    addresses: 1,
    async act(line) {
      await line.write(pullRequest(LARGE));
      while (await line.read(new Uint8Array(1)) !== null) await pause(200);
    },
  },
  "unread-pulls-300-addresses": {
    connections: 900,
    addresses: 300,
    act: (line) => line.write(pullRequest(LARGE)),
  },
  "devoured-pulls": {
    connections: 300,
    addresses: 1,
    act: devour(pullRequest(MANY)),
  },
  "stuck-uploads": {
    connections: 200,
    addresses: 1,
    act: half(16 * MIB, 1_200_000),
  },
  "stuck-uploads-200-addresses": {
    connections: 200,
    addresses: 200,
    act: half(16 * MIB, 1_200_000),
  },
  "trickled-uploads": {
    connections: 200,
    addresses: 1,
    act: trickle(16 * MIB, 1_200_000, KIB),
  },
  "half-sent": { connections: 950, addresses: 1, act: half(61_000, 60_000) },
  "half-sent-1000-addresses": {
    connections: 4000,
    addresses: 1000,
    act: half(61_000, 60_000),
  },
  "half-headers": { connections: 950, addresses: 1, act: half(61_000, 10) },
  "silent": {
    connections: 3000,
    addresses: 3,
    flags: ["--max-connections", "3000"],
    act: () => Promise.resolve(),
  },
  "asked-once": {
    connections: 3000,
    addresses: 3,
    flags: ["--max-connections", "3000"],
    act: (line) => line.write(pullRequest(EMPTY)),
  },
  "lists": {
    connections: 20,
    addresses: 1,
    users: 100_000,
    act: devour(listRequest(EMPTY)),
  },
  "unread-lists": {
    connections: 900,
    addresses: 1,
    users: 100_000,
    act: flood(listRequest(EMPTY)),
  },
  "unread-sends": {
    connections: 900,
    addresses: 1,
    act: flood(send(EMPTY, 0)),
  },
  "unread-keys": {
    connections: 900,
    addresses: 1,
    act: flood(
      keyRequest(EMPTY, EMPTY),
    ),
  },
};

/** The attacks' names; the first is none, to compare with. */
export const attackNames: readonly string[] = Object.keys(attacks);

/** @throws {RangeError} where there is no such attack */
export function attackNamed(name: string): Attack {
  const attack = attacks[name];
  if (attack === undefined) throw new RangeError(`No attack is called ${name}`);
  return attack;
}

/** Begins an attack; resolves once each of its connections is open. */
async function begin(
  attack: Attack,
  port: number,
): Promise<SocketConn[]> {
  const lines: SocketConn[] = [];
  for (let i = 0; i < attack.connections; i++) {
    const address = i % attack.addresses;
    // Of its own: the user's is 127.0.0.2.
    const from = `127.1.${address >> 8}.${1 + (address & 0xff) % 254}`;
    const line = await SocketConn.connect({ hostname: "127.0.0.1", port }, from)
      .catch(() => undefined);
    if (line === undefined) continue;
    lines.push(line);
    attack.act(line).catch(() => {});
  }
  return lines;
}

if (import.meta.main) {
  let lines: SocketConn[] = [];
  await serveCommands({
    async begin(argument) {
      const { name, port } = argument as { name: string; port: number };
      lines = await begin(attackNamed(name), port);
      return lines.length;
    },
    standing: () => lines.filter((line) => !line.ended).length,
  });
  Deno.exit();
}
