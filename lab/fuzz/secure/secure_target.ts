/**
 * The relay's secure port under fuzz: plays cases, holds each response against
 * the model, and looks at what the relay kept once it is started again.
 *
 * @module
 */

import { closeConn } from "../../../kit/close_conn.ts";
import { encodeHex } from "@std/encoding";
import { Peer } from "../../harness/peer.ts";
import type { Random } from "../../harness/random.ts";
import { drawIdentity, drawPackages } from "../../harness/secure/identity.ts";
import { Ended, secureFrame, SecurePeer } from "../../harness/secure/peer.ts";
import {
  exportPublicKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import {
  makeRelayKey,
  relayKeyFiles,
} from "../../../server/secure/port/relay_key.ts";
import { inTime } from "../../../shared/cli/time.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import type { Seq } from "../../../shared/secure/secure_protocol.ts";
import { FuzzFailure, PATIENCE } from "../failure.ts";
import { RelayProcess } from "../relay/relay_process.ts";
import { FLAGS, MAX_MESSAGE, MOST_RSS } from "../relay/relay_target.ts";
import { type Actor, actorOf } from "./productions.ts";
import { readRecordAgain, readStream } from "./reading.ts";
import {
  type Beginning,
  drawBeginning,
  makeStream,
  pieces,
} from "./secure_cases.ts";
import { type Channel, SecureModel } from "./secure_model.ts";
import { damaged, notTls, writeRaw } from "./wire.ts";

/** Accounts that take part from the start. */
const ACTORS = 4;
/** Accounts from which a new relay is started. */
const MANY_ACTORS = 60;
/** Connections with no TLS that are left open at once. */
const MOST_RAW = 24;
/** Bytes that a client sends in a handshake and some requests. */
const CLIENT_BYTES = 1500;
/** What a connection has once it is made. */
const UNUSED: Channel["used"] = { signature: "no", challenge: "no" };

/** A relay with a new store, and the model of what it keeps. */
export class SecureTarget {
  /** What the cases were made of. */
  readonly labels = new Set<string>();
  /** How often each code came, and each reason as 4999.reason. */
  readonly codes = new Map<string, number>();
  /** Connections that were made. */
  connections = 0;
  readonly #dir: string;
  #relay: RelayProcess;
  #line: RelayLine;
  readonly #model = new SecureModel();
  readonly #actors: Actor[] = [];
  readonly #joining: Actor[] = [];
  readonly #raw: Deno.Conn[] = [];
  #names = 0;

  private constructor(dir: string, relay: RelayProcess, line: RelayLine) {
    this.#dir = dir;
    this.#relay = relay;
    this.#line = line;
  }

  /** Starts a relay and registers those who take part. */
  static async start(): Promise<SecureTarget> {
    const dir = await Deno.makeTempDir({ prefix: "messageu-fuzz-" });
    let relay: RelayProcess | undefined;
    try {
      // Else the relay tells that it has made one.
      await makeRelayKey(relayKeyFiles(dir).current);
      relay = await RelayProcess.start(dir, FLAGS);
      const target = new SecureTarget(dir, relay, await relay.secureLine());
      await target.#joinLegacy();
      for (let index = 0; index < ACTORS; index++) await target.#join();
      return target;
    } catch (error) {
      await relay?.kill();
      await Deno.remove(dir, { recursive: true });
      throw error;
    }
  }

  /** Whether another relay had better be started. */
  get full(): boolean {
    return this.#actors.length > MANY_ACTORS;
  }

  /** The most memory that it held, in bytes. */
  get mostRss(): number {
    return this.#relay.mostRss;
  }

  /**
   * Plays a case and checks everything that shows.
   *
   * @throws {FuzzFailure} where the relay doesn't do what it owes
   */
  async run(random: Random): Promise<void> {
    if (random.oneIn(4)) await this.#disturb(random);
    const actor = random.pick(this.#actors);
    await this.#play(random, actor, drawBeginning(random));
    this.#admit();
    await this.#serve(random);
    this.#relay.checkHealth();
    const { rss } = this.#relay.watch;
    if (rss < MOST_RSS) return;
    throw new FuzzFailure(`less than ${MOST_RSS} bytes resident`, `${rss}`);
  }

  /**
   * Ends the relay, in good order or by a kill, starts it again and looks into
   * what it kept.
   *
   * @throws {FuzzFailure} where that isn't what it acknowledged
   */
  async finish(how: "stop" | "kill"): Promise<void> {
    this.#raw.splice(0).forEach(closeConn);
    await this.#relay[how]();
    this.#relay = await RelayProcess.start(this.#dir, FLAGS);
    this.#line = await this.#relay.secureLine();
    for (const { isClosed, devices } of this.#model.accounts.all) {
      const actor = this.#actors.find(({ identity }) =>
        devices.has(identity.device.toHex())
      );
      if (actor === undefined || isClosed) continue;
      await this.#converse(actor, "authenticated", (channel) => {
        const { device, record } = actor.identity;
        const sent = [
          ...this.#model.accounts.device(device.toHex())?.sent.keys() ?? [],
        ].map((uid) => Uint8Array.fromHex(uid) as never);
        channel.device ??= device.toHex();
        const all = { acknowledged: 0 as Seq, wait: 0, most: 2 ** 32 - 1 };
        return Promise.resolve([
          secureFrame("fetch", all, device),
          secureFrame("outcome", { uids: sent }, device),
          secureFrame("publish", { packages: [] }, device),
          secureFrame("lookUp", { by: { account: record.account } }, device),
        ]);
      });
    }
    await this.#relay.stop();
  }

  /** Lets go of everything, however it went. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#raw.splice(0).forEach(closeConn);
    await this.#relay.kill();
    await Deno.remove(this.#dir, { recursive: true });
  }

  async #joinLegacy(): Promise<void> {
    const { hostname } = this.#line;
    using peer = await Peer.connect({ hostname, port: this.#relay.port });
    // A challenge needs a real key.
    const { publicKey } = await generateKeyPair();
    const id = await peer.register("legacy", await exportPublicKey(publicKey));
    this.#model.accounts.legacy.set(encodeHex(id), "legacy");
  }

  /** Registers an account that has a weekly package and some others. */
  async #join(): Promise<void> {
    const identity = await drawIdentity(`actor-${this.#names++}`);
    using peer = await SecurePeer.registered(this.#line, identity);
    this.connections++;
    const record = readRecordAgain(identity.record.bytes);
    if (record === undefined) throw new Error("Expected a record");
    this.#model.accounts.add(record);
    const actor = actorOf(identity);
    this.#actors.push(actor);
    const packages = await drawPackages(identity, 3);
    actor.nextPackage += packages.length;
    const frame = secureFrame("publish", { packages }, identity.device);
    const channel = {
      ...this.#channel(),
      nonce: peer.nonce,
      device: identity.device.toHex(),
    };
    await this.#exchange(peer, channel, [frame]);
  }

  /** Registrations that were granted take part. */
  #admit(): void {
    for (const actor of this.#joining.splice(0)) {
      const id = actor.identity.record.account.toHex();
      if (this.#model.accounts.byId(id)) this.#actors.push(actor);
    }
    for (const [index, { identity }] of [...this.#actors.entries()].reverse()) {
      const isLeft =
        this.#model.accounts.device(identity.device.toHex()) === undefined;
      if (isLeft && this.#actors.length > ACTORS) this.#actors.splice(index, 1);
    }
  }

  /** Bytes that are no TLS, or TLS that is damaged. */
  async #disturb(random: Random): Promise<void> {
    this.connections++;
    if (random.oneIn(2)) {
      this.labels.add("damaged TLS");
      return await damaged(this.#line, random.below(CLIENT_BYTES));
    }
    this.labels.add("no TLS");
    const conn = await writeRaw(this.#line, notTls(random));
    if (random.oneIn(2)) closeConn(conn);
    else this.#raw.push(conn);
    if (this.#raw.length > MOST_RAW) {
      this.#raw.splice(0, 1).forEach(closeConn);
    }
  }

  async #play(
    random: Random,
    actor: Actor,
    beginning: Beginning,
  ): Promise<void> {
    await this.#converse(actor, beginning, async (channel) => {
      const stream = await makeStream(
        {
          random,
          model: this.#model,
          channel,
          actor,
          actors: this.#actors,
          join: (actor) => this.#joining.push(actor),
          newName: () => `actor-${this.#names++}`,
        },
        beginning,
        this.labels,
      );
      return pieces(stream, random);
    });
  }

  /** One of those who take part is served, whatever the others did. */
  async #serve(random: Random): Promise<void> {
    const actor = this.#actors.find(({ identity }) =>
      this.#model.accounts.device(identity.device.toHex()) !== undefined
    );
    if (actor === undefined) return await this.#join();
    await this.#converse(actor, "authenticated", () => {
      const { device } = actor.identity;
      const { last = 0 } = this.#model.accounts.device(device.toHex())?.box ??
        {};
      const most = random.pick([1, 2 ** 20]);
      const fetch = { acknowledged: last as Seq, wait: 0, most };
      return Promise.resolve([secureFrame("fetch", fetch, device)]);
    });
  }

  #channel(): Channel {
    return {
      relayKey: this.#line.key,
      largest: MAX_MESSAGE,
      nonce: undefined,
      used: { ...UNUSED },
      device: undefined,
    };
  }

  /** Connects, begins and has bytes answered. */
  async #converse(
    actor: Actor,
    beginning: Beginning,
    make: (channel: Channel) => Promise<readonly Uint8Array[]>,
  ): Promise<void> {
    const channel = this.#channel();
    this.connections++;
    using peer = await owed("a connection", SecurePeer.connect(this.#line));
    const { device } = actor.identity;
    if (beginning !== "open") {
      channel.nonce = (await owed("a hello", peer.hello())).nonce;
    }
    const known = this.#model.accounts.device(device.toHex());
    if (beginning === "authenticated" && known !== undefined) {
      const { identity, count } = actor;
      await owed("a 4003", peer.authenticate(identity, count));
      channel.nonce = peer.nonce;
      channel.used.signature = "yes";
      channel.device = device.toHex();
      known.told(count);
    }
    await this.#exchange(peer, channel, await make(channel));
  }

  /** Writes bytes and holds what comes against the model. */
  async #exchange(
    peer: SecurePeer,
    channel: Channel,
    parts: readonly Uint8Array[],
  ): Promise<void> {
    const stream = new Uint8Array(
      await new Blob([...parts] as BlobPart[]).arrayBuffer(),
    );
    const writing = writeAllParts(peer, parts);
    try {
      for (const request of readStream(stream)) {
        const isCut = request.payload === undefined &&
          request.size <= MAX_MESSAGE;
        if (isCut) break;
        const expected = this.#model.expected(channel, request);
        const response = await owed(
          `a response to ${request.code}`,
          peer.take(),
        );
        this.#count(response);
        this.#model.settle(request, expected, response);
        if (expected.ends) return await expectEnd(peer);
      }
    } catch (error) {
      if (!(error instanceof FuzzFailure)) throw error;
      throw new FuzzFailure(
        error.expected,
        `${error.got}; device ${channel.device}, sent ${stream.toHex()}`,
        { cause: error },
      );
    } finally {
      peer.close();
      await writing;
    }
  }

  #count({ code, payload }: { code: number; payload: Uint8Array }): void {
    const name = code === 4999 ? `4999.${payload[0]}` : `${code}`;
    this.codes.set(name, (this.codes.get(name) ?? 0) + 1);
  }
}

/** The relay may end the connection before all is written. */
async function writeAllParts(
  peer: SecurePeer,
  parts: readonly Uint8Array[],
): Promise<void> {
  try {
    for (const part of parts) await peer.write(part);
  } catch {
    // What was answered tells.
  }
}

/** @throws {FuzzFailure} unless the relay ends the connection */
async function expectEnd(peer: SecurePeer): Promise<void> {
  const response = await owed(
    "the end",
    peer.take().catch((error) => {
      if (error instanceof Ended || !(error instanceof FuzzFailure)) return;
      throw error;
    }),
  );
  if (response !== undefined) {
    throw new FuzzFailure("the end", `a ${response.code}`);
  }
}

/** @throws {FuzzFailure} where it fails, or doesn't come in time */
async function owed<T>(what: string, promise: Promise<T>): Promise<T> {
  const coming = promise.then(
    (came) => ({ came }),
    (error) => ({ error }),
  );
  const result = await inTime(coming, PATIENCE, { error: "nothing in time" });
  if ("came" in result) return result.came;
  throw new FuzzFailure(what, reasonOf(result.error), { cause: result.error });
}
