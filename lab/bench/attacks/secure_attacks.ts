/**
 * Attacks on a relay's secure port: in the handshake, from many addresses, and
 * behind it, by devices of one address, or by legacy clients who write to an
 * account. As a program: `begin` with an attack's name, the relay's line and
 * legacy port, and the user's account, and `standing`.
 *
 * @module
 */

import { closeConn } from "../../../kit/close_conn.ts";
import {
  drawIdentity,
  type SecureIdentity,
} from "../../harness/secure/identity.ts";
import { Peer } from "../../harness/peer.ts";
import { Refused, secureFrame, SecurePeer } from "../../harness/secure/peer.ts";
import {
  bindingOf,
  drawDevice,
  recordAfter,
  replacement,
} from "../../harness/secure/signed_requests.ts";
import {
  parseRelayLine,
  type RelayLine,
} from "../../../shared/secure/relay_line.ts";
import {
  type AccountId,
  type DeviceId,
  drawUid,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import { type Address, SocketConn } from "../../../kit/raw_connection.ts";
import { serveCommands } from "../relay/child.ts";
import { renew } from "../secure/sends.ts";
import { floodKeyUpdates } from "./key_updates.ts";

/** The account that the devices attack. */
export interface Victim {
  readonly account: AccountId;
  readonly device: DeviceId;
}

/** An attack that never gets through the handshake. */
interface BareAttack {
  /** What it is, for a table. */
  readonly what: string;
  /** Connections. */
  readonly connections: number;
  /** Addresses that they come from. */
  readonly addresses: number;
  /** Goes on for as long as the connection is open, or for ever. */
  bare(line: RelayLine, from: string, hello: Uint8Array): Promise<unknown>;
}

/** An attack by devices that authenticated. */
interface DeviceAttack {
  /** What it is, for a table. */
  readonly what: string;
  /** Connections. */
  readonly connections: number;
  /** Accounts that they belong to. */
  readonly accounts: number;
  /** What each of them does. */
  act(peer: SecurePeer, victim: Victim): Promise<unknown>;
}

/** An attack by legacy clients, who write to an account. */
interface LegacyAttack {
  /** What it is, for a table. */
  readonly what: string;
  /** Connections. */
  readonly connections: number;
  /** Devices of the account. */
  readonly devices: number;
  /** Bytes of each message. */
  readonly size: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Opens connections one after the other; each stays as long as the relay lets it. */
const again =
  (act: (line: SocketConn, hello: Uint8Array) => Promise<unknown>) =>
  async ({ hostname, port }: RelayLine, from: string, hello: Uint8Array) => {
    for (;;) {
      try {
        using conn = await SocketConn.connect({ hostname, port }, from);
        await act(conn, hello);
        while (!conn.ended && await conn.read(new Uint8Array(4096)) !== null);
      } catch {
        await pause(10);
      }
    }
  };

/** Requests that are written before other work of this process has its turn. */
const AT_ONCE = 64;

/** Writes requests again and again; whether responses are read is another's affair. */
const flood = (
  make: (peer: SecurePeer, victim: Victim) => Uint8Array<ArrayBuffer>,
  isNew = false,
): DeviceAttack["act"] =>
async (peer, victim) => {
  const bytes = make(peer, victim);
  for (let written = 1;; written++) {
    if (isNew) renew(bytes);
    await peer.write(bytes);
    // TLS may always be ready: commands to this process would never be read.
    if (written % AT_ONCE === 0) await pause(0);
  }
};

/** The same, and all responses are read. */
const devour = (
  make: (peer: SecurePeer, victim: Victim) => Uint8Array<ArrayBuffer>,
  isNew = false,
): DeviceAttack["act"] =>
async (peer, victim) => {
  const reading = async () => {
    for (;;) await peer.take();
  };
  await Promise.all([reading(), flood(make, isNew)(peer, victim)]);
};

const lookUp = ({ device }: SecurePeer, { account }: Victim) =>
  secureFrame("lookUp", { by: { account } }, device);

const sendOf =
  (size: number) => ({ device }: SecurePeer, { account, device: to }: Victim) =>
    secureFrame("send", {
      uid: drawUid(),
      count: 0,
      account,
      recordVersion: 1,
      lifetime: 0,
      envelopes: [{ device: to, content: new Uint8Array(size) }],
    }, device);

/** Claims the victim's packages for as long as the relay answers. */
const drain: DeviceAttack["act"] = async (peer, { account, device }) => {
  for (;;) {
    try {
      await peer.ask("claim", { account, devices: [device] });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await pause(10);
    }
  }
};

const attacks: Readonly<
  Record<string, BareAttack | DeviceAttack | LegacyAttack>
> = {
  "none": {
    what: "none",
    connections: 0,
    addresses: 1,
    bare: () => Promise.resolve(),
  },
  "silent-handshakes": {
    what: "1,000 handshakes that never begin, from 50 addresses",
    connections: 1000,
    addresses: 50,
    bare: again(() => Promise.resolve()),
  },
  "slow-handshakes": {
    what: "500 handshakes, a byte a second",
    connections: 500,
    addresses: 50,
    bare: again(async (conn, hello) => {
      for (let at = 0; !conn.ended && at < hello.length; at++) {
        await conn.write(hello.subarray(at, at + 1));
        await pause(1000);
      }
    }),
  },
  "handshake-flood": {
    what: "200 that begin handshakes again and again, from 50 addresses",
    connections: 200,
    addresses: 50,
    bare: again(async (conn, hello) => {
      await conn.write(hello);
      await conn.read(new Uint8Array(4096));
      conn.close();
    }),
  },
  "handshake-flood-one-address": {
    what: "50 that do, from one address",
    connections: 50,
    addresses: 1,
    bare: again(async (conn, hello) => {
      await conn.write(hello);
      await conn.read(new Uint8Array(4096));
      conn.close();
    }),
  },
  "key-updates": {
    what: "8 connections that update their keys again and again",
    connections: 8,
    addresses: 1,
    bare: (line) => floodKeyUpdates(line),
  },
  "slow-sends": {
    what: "100 sends of 16 MiB, of which 1 KiB comes each second",
    connections: 100,
    accounts: 1,
    async act(peer, victim) {
      const bytes = sendOf(16 * MIB)(peer, victim);
      await peer.write(bytes.subarray(0, 1_200_000));
      for (let at = 1_200_000;; at += KIB) {
        await pause(1000);
        await peer.write(bytes.subarray(at, at + KIB));
      }
    },
  },
  "look-ups": {
    what: "64 connections of one device that look up",
    connections: 64,
    accounts: 1,
    act: devour(lookUp),
  },
  "unread-look-ups": {
    what: "64 that do, and don't read",
    connections: 64,
    accounts: 1,
    act: flood(lookUp),
  },
  "sends": {
    what: "64 devices that send",
    connections: 64,
    accounts: 64,
    act: devour(sendOf(KIB), true),
  },
  "sends-one-device": {
    what: "64 connections of one device that send",
    connections: 64,
    accounts: 1,
    act: devour(sendOf(KIB), true),
  },
  "unread-sends": {
    what: "64 connections of one device that send and don't read",
    connections: 64,
    accounts: 1,
    act: flood(sendOf(KIB), true),
  },
  "claims": {
    what: "64 devices that claim one account's packages, until none are left",
    connections: 64,
    accounts: 64,
    act: drain,
  },
  "small-copies": {
    what: "64 legacy connections that send 100 B to an account of 8 devices",
    connections: 64,
    devices: 8,
    size: 100,
  },
  "large-copies": {
    what: "64 legacy connections that send 146 KiB to an account of 8 devices",
    connections: 64,
    devices: 8,
    // The most that is copied so often.
    size: 146 * KIB,
  },
  "waits": {
    what: "100 connections that wait",
    connections: 100,
    accounts: 1,
    async act(peer) {
      for (;;) {
        const fetch = { acknowledged: 0 as Seq, wait: 50, most: 0 };
        await peer.ask("fetch", fetch);
      }
    },
  },
};

/** The attacks' names; the first is none, to compare with. */
export const secureAttackNames: readonly string[] = Object.keys(attacks);

/** What an attack is, for a table. */
export function whatSecureAttackIs(name: string): string {
  return attacks[name]?.what ?? name;
}

/** What a client of this runtime begins a handshake with. */
async function recordHello(key: Uint8Array): Promise<Uint8Array> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const connecting = SecurePeer.connect({ hostname, port, key });
  // It never gets an answer.
  connecting.catch(() => {});
  const conn = await listener.accept();
  const buffer = new Uint8Array(4096);
  const size = await conn.read(buffer) ?? 0;
  closeConn(conn);
  return buffer.slice(0, size);
}

/** Attackers that were begun. */
class Attackers {
  #standing = 0;

  /** How many of them go on. */
  get standing(): number {
    return this.#standing;
  }

  /** Begins an attack; resolves once all connections are open, or were tried. */
  async begin(
    name: string,
    { line, port }: { line: RelayLine; port: number },
    victim: Victim,
  ): Promise<number> {
    const attack = attacks[name];
    if (attack === undefined) throw new RangeError(`No attack called ${name}`);
    if ("bare" in attack) {
      const hello = await recordHello(line.key);
      for (let i = 0; i < attack.connections; i++) {
        const from = `127.1.0.${1 + i % attack.addresses}`;
        this.#run(attack.bare(line, from, hello));
      }
    } else if ("devices" in attack) await this.#beginLegacy(attack, line, port);
    else await this.#beginDevices(attack, line, victim);
    return attack.connections;
  }

  async #beginDevices(
    attack: DeviceAttack,
    line: RelayLine,
    victim: Victim,
  ): Promise<void> {
    const identities: SecureIdentity[] = [];
    const peers: SecurePeer[] = [];
    for (let i = 0; i < attack.connections; i++) {
      peers.push(
        await persistently(async () => {
          const known = identities[i % attack.accounts];
          if (known !== undefined) {
            return await SecurePeer.authenticated(line, known);
          }
          const identity = await drawIdentity(`attacker-${drawUid().toHex()}`);
          const peer = await SecurePeer.registered(line, identity);
          identities.push(identity);
          return peer;
        }),
      );
    }
    // Not before: a flood in this process holds up its own handshakes.
    for (const peer of peers) this.#run(attack.act(peer, victim));
  }

  async #beginLegacy(
    { connections, devices, size }: LegacyAttack,
    line: RelayLine,
    port: number,
  ): Promise<void> {
    const identity = await drawIdentity("many-devices");
    using peer = await SecurePeer.registered(line, identity);
    const added = await Promise.all(
      Array.from({ length: devices - 1 }, drawDevice),
    );
    const record = await recordAfter(identity.record, identity.identity, {
      devices: [
        ...identity.record.devices,
        ...added.map(({ device }) => device),
      ],
    });
    const keys = added.map(({ signing }) => signing);
    const consent = await replacement(bindingOf(peer, line), record, keys);
    await peer.ask("record", consent);
    const address = { hostname: line.hostname, port };
    using registering = await Peer.connect(address);
    const clientId = await registering.register("legacy");
    const message = {
      target: record.account,
      type: 3,
      content: new Uint8Array(size),
    } as const;
    const frame = encodeRequest("sendMessage", message, { clientId });
    for (let i = 0; i < connections; i++) {
      this.#run(sendAgain(address, frame));
    }
  }

  #run(attack: Promise<unknown>): void {
    this.#standing++;
    // The relay's ending of a connection is a defence, and no failure.
    attack.catch(() => {}).finally(() => this.#standing--);
  }
}

/** Writes a legacy message again and again, each once the one before is answered. */
async function sendAgain(
  address: Address,
  frame: Uint8Array,
): Promise<void> {
  using peer = await Peer.connect(address);
  for (;;) {
    await peer.write(frame);
    if (await peer.responseBytes() === null) return;
  }
}

/** Milliseconds in which a connection has to come about. */
const PATIENCE = 10_000;

/**
 * Tries again and again: one address may not connect as often as it likes.
 *
 * @throws {Error} why the last try failed, once the time is up
 */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(100);
    }
  }
}

if (import.meta.main) {
  const attackers = new Attackers();
  await serveCommands({
    begin(argument) {
      const { name, line, port, account, device } = argument as
        & Record<"name" | "line" | "account" | "device", string>
        & {
          port: number;
        };
      return attackers.begin(name, { line: parseRelayLine(line), port }, {
        account: Uint8Array.fromHex(account) as Uint8Array as AccountId,
        device: Uint8Array.fromHex(device) as Uint8Array as DeviceId,
      });
    },
    standing: () => attackers.standing,
  });
  Deno.exit();
}
