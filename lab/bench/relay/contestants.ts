/**
 * The processes of a bench: the one that makes the load, and, one at a time,
 * those that stand it. All files are in one folder.
 *
 * @module
 */

import type { AnswerPlan } from "./answers.ts";
import { Child } from "./child.ts";
import type { Usage } from "./commands.ts";
import type { LoadPlan } from "./load.ts";
import type { RunPlan, RunResult } from "./run.ts";
import { type Seed, seedDatabase } from "./seed.ts";

const NET = "--allow-net=127.0.0.1";
const FILES = ["--allow-read", "--allow-write"];

/** What the relay has written and used since its start. */
export interface RelayStats extends Usage {
  /** Transactions. */
  commits: number;
  /** Commands in them. */
  writes: number;
}

/** A load of which isn't known yet where the relay is. */
export type LoadOn = Omit<LoadPlan, "ports">;

/** All who take part. */
export class Contestants implements AsyncDisposable {
  /** Where the databases lie. */
  readonly dir: string;
  readonly #load = Child.start("load_process.ts", [NET]);
  #databases = 0;

  /** @param dir an empty folder for databases */
  constructor(dir: string) {
    this.dir = dir;
  }

  /** A path in the folder for a template. */
  template(name: string): string {
    return `${this.dir}/${name}.template`;
  }

  /** Makes a template; returns its path. */
  seed(name: string, seed: Seed): string {
    const path = this.template(name);
    seedDatabase(path, seed);
    return path;
  }

  /**
   * Lets a fresh relay, on a copy of the template, stand something.
   *
   * @param writer where its writer runs
   */
  relay<T>(
    template: string,
    work: (relay: Child) => Promise<T>,
    writer: "thread" | "loop" = "thread",
  ): Promise<T> {
    return this.#onCopy(template, async (path) => {
      await using relay = Child.start(
        "relay_process.ts",
        [NET, ...FILES],
        path,
        writer,
      );
      return await work(relay);
    });
  }

  /** Lets a no-op relay stand something. */
  async noop<T>(
    plan: AnswerPlan,
    work: (relay: Child) => Promise<T>,
  ): Promise<T> {
    await using relay = Child.start(
      "noop_process.ts",
      [NET],
      JSON.stringify(plan),
    );
    return await work(relay);
  }

  /** Has SQLite alone do something with a copy of the template: a rate. */
  sqlite(
    template: string,
    command: "insert" | "pull",
    ...plans: object[]
  ): Promise<number> {
    return this.#onCopy(template, async (path) => {
      await using sqlite = Child.start("sqlite_process.ts", FILES, path);
      let rate = 0;
      for (const plan of plans) rate = await sqlite.ask<number>(command, plan);
      return rate;
    });
  }

  /** Opens a load's connections, runs what is given, and closes them. */
  async load<T>(
    relay: Child,
    plan: LoadOn,
    work: (run: (plan: RunPlan) => Promise<RunResult>) => Promise<T>,
  ): Promise<T> {
    const ports = [await relay.ask<number>("port")];
    await this.#load.ask("open", { ...plan, ports });
    try {
      return await work((run) => this.#load.ask("run", run));
    } finally {
      await this.#load.ask("close");
    }
  }

  /** Ends the load. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
  }

  async #onCopy<T>(
    template: string,
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    const dir = `${this.dir}/${this.#databases++}`;
    await Deno.mkdir(dir);
    const path = `${dir}/db.defensive`;
    await Deno.copyFile(template, path);
    // Else its way to the disk would fall into the measurement.
    using file = await Deno.open(path, { write: true });
    await file.syncData();
    try {
      return await work(path);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }
}
