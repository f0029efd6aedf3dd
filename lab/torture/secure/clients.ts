/**
 * Clients with folders of their own, which are killed while relays are.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { StoreDatabase } from "../../../client/store/database.ts";
import {
  formatRelayLine,
  type RelayLine,
} from "../../../shared/secure/relay_line.ts";
import { Program } from "../../harness/program.ts";
import type { Random } from "../../harness/random.ts";
import { must } from "../violation.ts";

const PROGRAM = fileURLToPath(new URL("client.ts", import.meta.url));
const PERMISSIONS = ["--allow-net=127.0.0.1", "--allow-read", "--allow-write"];

/** What a client's folder tells at the end. */
export interface ClientStore {
  readonly name: string;
  /** Sendings, uids in hex. */
  readonly sendings: readonly { uid: string; isTaken: boolean }[];
  /** The uids in hex of the messages that it has got. */
  readonly mail: readonly string[];
}

/** Clients of some relays. */
export class Clients implements AsyncDisposable {
  readonly #dir: string;
  readonly #names: readonly string[];
  readonly #running = new Map<string, Program>();
  /** How often one was killed. */
  kills = 0;

  /** @param dir an empty folder for theirs */
  constructor(dir: string, count: number) {
    this.#dir = dir;
    this.#names = Array.from({ length: count }, (_, i) => `client-${i + 1}`);
  }

  /** Tells them the relays; those that aren't there are started. */
  async show(lines: readonly RelayLine[]): Promise<void> {
    const text = lines.map(formatRelayLine).join("\n");
    await Deno.writeTextFile(`${this.#relays}.new`, text);
    await Deno.rename(`${this.#relays}.new`, this.#relays);
    for (const name of this.#names) {
      if (!this.#running.has(name)) this.#start(name);
    }
  }

  /** After some milliseconds kills one of them, which starts again on its folder. */
  async killOne(ms: number, random: Random): Promise<void> {
    if (this.#names.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, ms));
    const name = random.pick(this.#names);
    await this.#kill(name);
    this.#start(name);
  }

  /**
   * Kills them all, then has what they sent answered, and their mailboxes emptied.
   *
   * @throws {Violation} where one complains, or what their folders tell doesn't fit
   */
  async finish(): Promise<ClientStore[]> {
    for (const name of this.#names) await this.#kill(name);
    for (const word of ["settle", "empty"]) {
      const programs = this.#names.map((name) => this.#program(word, name));
      const ends = await Promise.all(programs.map((program) => program.end()));
      for (const { code, stderr } of ends) {
        must(
          code === 0 && stderr === "",
          () => `A client complained: ${stderr}`,
        );
      }
    }
    const stores = this.#names.map((name) => this.#read(name));
    checkStores(stores);
    return stores;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running.values()) {
      await program[Symbol.asyncDispose]();
    }
  }

  get #relays(): string {
    return `${this.#dir}/relays`;
  }

  #start(name: string): void {
    this.#running.set(name, this.#program("work", name));
  }

  #program(word: string, name: string): Program {
    const others = this.#names.filter((other) => other !== name);
    return Program.deno([
      ...["run", "--no-prompt", ...PERMISSIONS, PROGRAM],
      ...[word, `${this.#dir}/${name}`, this.#relays, name, ...others],
    ]);
  }

  async #kill(name: string): Promise<void> {
    const program = this.#running.get(name);
    this.#running.delete(name);
    if (program === undefined) return;
    try {
      program.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself, and says why.
      if (!(error instanceof TypeError)) throw error;
    }
    const { stderr } = await program.end();
    must(stderr === "", () => `A client complained: ${stderr}`);
    this.kills++;
  }

  #read(name: string): ClientStore {
    const database = new StoreDatabase(`${this.#dir}/${name}`);
    try {
      const sendings = database.rows<{ uid: Uint8Array; isTaken: number }>(
        "SELECT uid, taken IS NOT NULL AS isTaken FROM secureSendings",
      ).map(({ uid, isTaken }) => ({
        uid: uid.toHex(),
        isTaken: isTaken === 1,
      }));
      const mail = database.rows<{ uid: Uint8Array }>(
        "SELECT uid FROM secureMail",
      ).map(({ uid }) => uid.toHex());
      return { name, sendings, mail };
    } finally {
      database.close();
    }
  }
}

/**
 * Compares what clients sent with what they got.
 *
 * @throws {Violation} where something is lost, came twice or was made up
 */
export function checkStores(stores: readonly ClientStore[]): void {
  const got = new Map<string, number>();
  for (const uid of stores.flatMap(({ mail }) => mail)) {
    got.set(uid, (got.get(uid) ?? 0) + 1);
  }
  for (const { name, sendings } of stores) {
    for (const { uid, isTaken } of sendings) {
      must(isTaken, () => `Sending ${uid} of ${name} has no response`);
      must(got.has(uid), () => `Sending ${uid} of ${name} is lost`);
      must(got.get(uid) === 1, () => `Sending ${uid} of ${name} came twice`);
      got.delete(uid);
    }
  }
  must(got.size === 0, () => `${got.size} messages are of no client`);
}
