import { assert, assertEquals } from "@std/assert";
import type { Limits } from "../../../server/mod.ts";
import { inTime } from "../../../shared/cli/time.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { listenWithAddresses } from "../../support/relays/addresses.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { type TestRelay, testRelay } from "../../../lab/harness/resources.ts";
import {
  longTest,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { pullRequest } from "../../../kit/requests.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Milliseconds after which an answer that doesn't come is a failure. */
const PATIENCE = 20_000;
/** So long that a relay closes nothing by it. */
const NEVER = 3_600_000;

/** A relay to which connections come from any address. */
class Stage implements AsyncDisposable {
  readonly relay: TestRelay;
  readonly #addresses: string[];
  readonly #open: Peer[] = [];

  private constructor(relay: TestRelay, addresses: string[]) {
    this.relay = relay;
    this.#addresses = addresses;
  }

  static async open(limits: Partial<Limits>): Promise<Stage> {
    const addresses: string[] = [];
    const listener = listenWithAddresses(addresses);
    return new Stage(await testRelay({ listener, limits }), addresses);
  }

  /** Connects from an address. */
  async connect(address: string): Promise<Peer> {
    this.#addresses.push(address);
    const peer = await Peer.connect(this.relay.address);
    this.#open.push(peer);
    return peer;
  }

  /** Connects so often, and writes the same each time without reading. */
  async attack(
    count: number,
    bytes: Uint8Array,
    addressOf: (index: number) => string = () => "192.0.2.1",
  ): Promise<Peer[]> {
    const peers: Peer[] = [];
    for (let i = 0; i < count; i++) {
      const peer = await this.connect(addressOf(i));
      // What the relay doesn't take waits in the system.
      peer.write(bytes).catch(() => {});
      peers.push(peer);
    }
    return peers;
  }

  /** Everything that a user asks for, each on a connection of its own. */
  async serves(user: ClientId): Promise<void> {
    const content = new Uint8Array(200 * KIB);
    for (
      const [name, ask] of [
        ["a pull", (peer: Peer) => peer.pull(user)],
        ["a list", (peer: Peer) => peer.ask("clientsList", {}, user)],
        [
          "a send of 5 KiB",
          (peer: Peer) => peer.send(user, user, content.subarray(0, 5 * KIB)),
        ],
        [
          "a send of 200 KiB",
          (peer: Peer) => peer.send(user, user, content),
        ],
      ] as const
    ) {
      const peer = await this.connect("192.0.2.200");
      const asked: Promise<unknown> = ask(peer);
      const answer = await inTime(asked, PATIENCE, undefined);
      assert(answer !== undefined, `${name} wasn't answered`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { conn } of this.#open) conn.close();
    await this.relay[Symbol.asyncDispose]();
  }
}

function upload(user: ClientId, size: number): Uint8Array {
  const content = new Uint8Array(size);
  const message = { target: user, type: 4, content } as const;
  return encodeRequest("sendMessage", message, { clientId: user });
}

const pull = (user: ClientId) => pullRequest(user);

/** Attacks from one address: how often it is done, and what each connection sends. */
const attacks: [string, number, (user: ClientId) => Uint8Array][] = [
  ["unread pulls", 20, pull],
  [
    "stuck uploads",
    30,
    (user) => upload(user, 16 * MIB).subarray(0, 1_200_000),
  ],
  ["half-sent requests", 200, (user) => upload(user, 61_000).subarray(0, 6e4)],
];

for (const [name, count, bytes] of attacks) {
  testWith(
    LOOPBACK_AND_FILES,
    `${name} of one address hold up no other address`,
    async () => {
      await using stage = await Stage.open({
        maxMessage: 24 * MIB,
        maxInflight: 48 * MIB,
        progressTimeout: NEVER,
      });
      const { relay } = stage.relay;
      const peer = await stage.connect("192.0.2.200");
      const anna = await peer.register("anna");
      const ben = await peer.register("ben");
      // More than the system takes off the relay's hands.
      await peer.send(anna, anna, new Uint8Array(23 * MIB));
      await stage.attack(count, bytes(anna));
      await until("the attack", () => {
        const { received, inflight } = relay.counters;
        return relay.connections === count + 1 && received > 23 * MIB &&
          inflight > 4 * MIB;
      });
      await stage.serves(ben);
      // The attack stands.
      assertEquals(relay.counters.stuck, 0);
      assert(relay.connections > count);
    },
  );
}

longTest(
  LOOPBACK_AND_FILES,
  "addresses that hold all memory together and don't move are closed for a newcomer, all at once",
  async () => {
    await using stage = await Stage.open({
      maxMessage: MIB,
      maxInflight: 8 * MIB,
      // A look at those who hold memory each second, while others wait.
      progressTimeout: 60_000,
    });
    const { relay } = stage.relay;
    const peer = await stage.connect("192.0.2.200");
    const anna = await peer.register("anna");
    // 6 MiB less than each has of a free share.
    const half = upload(anna, 61_000).subarray(0, 60_000);
    const networks = (i: number) => `2001:db8:0:${i.toString(16)}::1`;
    await stage.attack(200, half, networks);
    await until("all of the memory", () => relay.counters.inflight > 5.8 * MIB);
    await stage.serves(anna);
    assert(relay.counters.stuck >= 80, `${relay.counters.stuck} were closed`);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the time for which a request waits for memory counts",
  async () => {
    await using stage = await Stage.open({
      maxMessage: 4 * MIB,
      maxInflight: 8 * MIB,
      progressTimeout: 400,
    });
    const { relay } = stage.relay;
    const peer = await stage.connect("192.0.2.200");
    const anna = await peer.register("anna");
    // This one may always grow, and does.
    const frame = upload(anna, 3.9 * MIB);
    const steady = await stage.connect("192.0.2.1");
    let sent = 2 * MIB;
    await steady.write(frame.subarray(0, sent));
    // These have more to come than they get memory for.
    const others = await stage.attack(3, frame.subarray(0, 1_200_000));
    for (; relay.counters.stuck < others.length; sent += 48 * KIB) {
      assert(sent < frame.length, "they waited for its end");
      await steady.write(frame.subarray(sent, sent + 48 * KIB));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await steady.write(frame.subarray(sent));
    assertEquals((await steady.response()).code, 2103);
    await stage.serves(anna);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "at the limit the longest silent connection of the busiest address makes room",
  async () => {
    await using stage = await Stage.open({
      maxConnections: 4,
      maxConnectionsPerAddress: 3,
      progressTimeout: NEVER,
    });
    const other = await stage.connect("192.0.2.2");
    const anna = await other.register("anna");
    const busiest: Peer[] = [];
    for (let i = 0; i < 3; i++) {
      const peer = await stage.connect("192.0.2.1");
      await peer.pull(anna);
      busiest.push(peer);
    }
    const [first, second, third] = busiest as [Peer, Peer, Peer];
    await first.pull(anna);
    // One too many of all connections.
    const newcomer = await stage.connect("192.0.2.3");
    await newcomer.pull(anna);
    assertEquals(await second.responseBytes(), null);
    for (const peer of [other, first, third]) await peer.pull(anna);
    // One too many of its address.
    newcomer.conn.closeWrite();
    assertEquals(await newcomer.responseBytes(), null);
    const { relay } = stage.relay;
    await until("a free place", () => relay.connections === 3);
    const fourth = await stage.connect("192.0.2.1");
    await fourth.pull(anna);
    const fifth = await stage.connect("192.0.2.1");
    await fifth.pull(anna);
    assertEquals(await first.responseBytes(), null);
    for (const peer of [other, third, fourth]) await peer.pull(anna);
    assertEquals(relay.counters.silent, 2);
    assertEquals(relay.counters.refused, {
      connections: 0,
      connections_per_address: 0,
      handshakes: 0,
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a connection on which nothing comes is closed, one between requests isn't (CON-3, CON-12)",
  async () => {
    await using stage = await Stage.open({ progressTimeout: 100 });
    const asked = await stage.connect("192.0.2.1");
    const anna = await asked.register("anna");
    const silent = await stage.connect("192.0.2.1");
    assertEquals(await silent.responseBytes(), null);
    assertEquals(await asked.pull(anna), []);
  },
);
