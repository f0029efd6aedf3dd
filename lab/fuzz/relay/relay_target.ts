/**
 * The relay under fuzz: plays cases, holds what comes against the model, and
 * has a well-behaved client served after each.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { decodeHex } from "@std/encoding";
import { infoFiles } from "../../../shared/folder/info_files.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import type { ListedClient } from "../../../shared/wire/requests.ts";
import { MessageRows } from "../../torture/message_rows.ts";
import { checkIntegrity } from "../../torture/remains.ts";
import { castNames, withIds } from "./cast.ts";
import { expect } from "../failure.ts";
import { GoodClient } from "./good_client.ts";
import type { Link } from "./link.ts";
import type { FuzzCase, GrammarLimits } from "./plans.ts";
import { play } from "./player.ts";
import { RelayModel } from "./relay_model.ts";
import { RelayProcess } from "./relay_process.ts";

/** Bytes of the largest payload that the relay is told to take. */
export const MAX_MESSAGE = 256 * 1024;
/** Bytes of memory that the relay may have for requests under way. */
const MAX_INFLIGHT = 16 * 1024 * 1024;
/** Bytes of resident memory past which a relay counts as leaking. */
export const MOST_RSS = 400 * 1024 * 1024;
/** Connections that are left open at once. */
const MOST_LINGERING = 24;
/** Bytes in an inbox from which it is emptied. */
const FULL_INBOX = 2 * 1024 * 1024;
/** Clients from which a new relay is started: lists grow with them. */
const MANY_CLIENTS = 400;

/** Flags of a relay under fuzz. */
export const FLAGS: readonly string[] = [
  ["--max-message", MAX_MESSAGE],
  ["--max-inflight", MAX_INFLIGHT],
  ["--max-connections", 0],
  ["--max-connections-per-address", 0],
  ["--max-waiting", 0],
  ["--max-waiting-bytes", 0],
  ["--registrations-per-minute", 0],
  ["--secure-handshakes", 0],
].map(String).flatMap((flag) => flag.split(","));

/** What the cases against this relay have to know. */
export const limits: GrammarLimits = { maxMessage: MAX_MESSAGE };

/** A relay with a new database, and the model of what it keeps. */
export class RelayTarget {
  readonly #dir: string;
  readonly #relay: RelayProcess;
  readonly #model = new RelayModel();
  readonly #good: GoodClient;
  readonly #ids: ClientId[] = [];
  readonly #lingering: Link[] = [];
  #connections = 0;

  private constructor(dir: string, relay: RelayProcess) {
    this.#dir = dir;
    this.#relay = relay;
    this.#good = new GoodClient(relay.port, this.#model);
  }

  /** Starts a relay and registers those who take part. */
  static async start(): Promise<RelayTarget> {
    const dir = await Deno.makeTempDir({ prefix: "messageu-fuzz-" });
    let relay: RelayProcess | undefined;
    try {
      relay = await RelayProcess.start(dir, [
        ...FLAGS,
        ...["--secure-port", "off"],
      ]);
      const target = new RelayTarget(dir, relay);
      for (const name of castNames) {
        target.#ids.push(await target.#good.join(name));
      }
      await target.#good.serve();
      return target;
    } catch (error) {
      await relay?.kill();
      await Deno.remove(dir, { recursive: true });
      throw error;
    }
  }

  /** Whether another relay had better be started. */
  get full(): boolean {
    return this.#model.clients > MANY_CLIENTS;
  }

  /** Connections that were made to it. */
  get connections(): number {
    return this.#connections + this.#good.connections;
  }

  /** The most memory that it held, in bytes. */
  get mostRss(): number {
    return this.#relay.mostRss;
  }

  /**
   * Plays a case and checks everything that shows by then.
   *
   * @returns the codes of all answers
   * @throws {FuzzFailure} where the relay doesn't do what it owes
   */
  async run({ plans }: FuzzCase): Promise<number[]> {
    this.#connections += plans.length;
    const before = this.#model.names();
    const played = await Promise.allSettled(
      plans.map((plan) =>
        play({ ...plan, stream: withIds(plan.stream, this.#ids) }, {
          port: this.#relay.port,
          maxMessage: MAX_MESSAGE,
          linger: (link) => this.#lingering.push(link),
          serveOthers: () => this.#good.serve(),
        })
      ),
    );
    this.#relay.checkHealth();
    const outcomes = played.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
    const codes = this.#model.settle(outcomes, before);
    while (this.#lingering.length > MOST_LINGERING) {
      await this.#lingering.shift()?.reset();
    }
    await this.#good.serve();
    await this.#good.list();
    for (const [id, inbox] of this.#model.inboxes) {
      if (inbox.uncertain || inbox.bytes > FULL_INBOX) {
        await this.#good.drain(id);
      }
    }
    this.#relay.checkHealth();
    const { rss } = this.#relay.watch;
    expect(rss < MOST_RSS, `less than ${MOST_RSS} bytes resident`, `${rss}`);
    return codes;
  }

  /**
   * Ends the relay, in good order or by a kill, and looks into what it kept.
   *
   * @throws {FuzzFailure} where that isn't what was acknowledged
   */
  async finish(how: "stop" | "kill"): Promise<void> {
    for (const link of this.#lingering) await link.reset();
    // A connection that is reset before it is accepted isn't counted.
    const { connections: good } = this.#good;
    await this.#relay.until(
      `${good} to ${this.connections} connections accepted and none open`,
      () => {
        const { accepted, open } = this.#relay.watch;
        return open === 0 && accepted >= good && accepted <= this.connections;
      },
    );
    await this.#relay[how]();
    if (how === "kill") this.#model.inboxes.forEach((inbox) => inbox.crashed());
    this.#checkDatabase();
  }

  /** Lets go of everything, however it went. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#lingering.forEach((link) => link.close());
    await this.#relay.kill();
    await Deno.remove(this.#dir, { recursive: true });
  }

  #checkDatabase(): void {
    const database = new Database(`${this.#dir}/${infoFiles.database[0]}`);
    try {
      checkIntegrity(database);
      const clients = database.prepare<ListedClient>(
        "SELECT ID AS clientId, UserName AS name FROM clients",
      ).all();
      this.#model.listed(clients, "");
      const rows = new MessageRows(database);
      for (const [id, inbox] of this.#model.inboxes) {
        const waiting = rows.to(decodeHex(id) as ClientId);
        inbox.pulled([...waiting], new Set(), true);
      }
      rows.checkNothingElse();
    } finally {
      database.close();
    }
  }
}
