/**
 * Where relays run that are killed: one on SQLite, or two on one PostgreSQL
 * database.
 *
 * @module
 */

import { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { Program } from "../../harness/program.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import {
  makeRelayKey,
  relayKeyFiles,
} from "../../../server/secure/port/relay_key.ts";
import { NO_LIMITS } from "../victim.ts";
import { Violation } from "../violation.ts";

const FLAGS = [...NO_LIMITS, "--secure-handshakes", "0"];

/** A relay's program, on its way to being killed. */
export class SecureVictim implements AsyncDisposable {
  /** Its secure port and key. */
  readonly line: RelayLine;
  readonly #program: Program;
  #killed = false;

  private constructor(program: Program, line: RelayLine) {
    this.#program = program;
    this.line = line;
  }

  /** @throws {Violation} unless it comes to listen, with what it printed */
  static async start(program: Program): Promise<SecureVictim> {
    try {
      return new SecureVictim(program, await program.secureLine());
    } catch (cause) {
      await program[Symbol.asyncDispose]();
      throw new Violation(`The relay didn't start: ${reasonOf(cause)}`, {
        cause,
      });
    }
  }

  /** Whether it was killed: from then on connections may break. */
  get killed(): boolean {
    return this.#killed;
  }

  /** Kills it without warning; doing so again does nothing. */
  kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#program.kill("SIGKILL");
  }

  /** Stops it in good order, and waits for its end. */
  async stop(): Promise<{ code: number; stderr: string }> {
    await this.#program.stop();
    return await this.#program.end();
  }

  /** Waits for its end; what it complained of. */
  async end(): Promise<string> {
    return (await this.#program.end()).stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** The same store for one round of relays after the other. */
export interface Site extends AsyncDisposable {
  /** Starts the relays of a round. */
  start(): Promise<SecureVictim[]>;
}

/** The stores that a relay may have. */
export const siteNames = ["sqlite", "postgres"] as const;

/** Name of a site. */
export type SiteName = typeof siteNames[number];

/**
 * Prepares a store.
 *
 * @param dir an empty folder for the relays' files
 * @throws {Error} if PostgreSQL isn't installed
 */
export async function openSite(name: SiteName, dir: string): Promise<Site> {
  // Else the first relay tells that it has made one.
  await makeRelayKey(relayKeyFiles(dir).current);
  return name === "sqlite" ? sqliteSite(dir) : await postgresSite(dir);
}

function sqliteSite(dir: string): Site {
  return {
    start: async () => [
      await SecureVictim.start(Program.relay(dir, "--port", "0", ...FLAGS)),
    ],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function postgresSite(dir: string): Promise<Site> {
  const cluster = await PostgresCluster.start();
  const start = async () => {
    const url = cluster.url();
    const program = Program.relayOn(url, dir, "--port", "0", ...FLAGS);
    return await SecureVictim.start(program);
  };
  return {
    // In turn: the first makes the tables, and the key that both show.
    start: async () => [await start(), await start()],
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
