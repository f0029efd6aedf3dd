/**
 * The processes of a bench: the one that makes the load, and, one at a time,
 * those that take it. All files are in one folder.
 *
 * @module
 */

import type { ResponsePlan } from "./responses.ts";
import { Child, type Usage } from "./child.ts";
import type { LoadPlan } from "./load.ts";
import type { RunPlan, RunResult } from "./run.ts";
import { type Seed, seedDatabase } from "./seed.ts";

const NET = "--allow-net=127.0.0.1";
const FILES = ["--allow-read", "--allow-write"];

/** Seconds of a run before the one that counts: code is compiled, the log reaches its length. */
export const WARM_UP = 2;

/** What the relay has written and used since its start. */
export interface RelayStats extends Usage {
  /** Transactions. */
  commits: number;
  /** Commands in them. */
  writes: number;
}

/** A load without the ports of its relays. */
export type LoadOn = Omit<LoadPlan, "ports">;

/** Measures a load that runs. */
export type RunLoad = (plan: RunPlan) => Promise<RunResult>;

/** Where a relay's writer runs. */
export type WriterPlace = "thread" | "loop";

/** All processes. */
export class Contestants implements AsyncDisposable {
  readonly #dir: string;
  readonly #load = Child.start("load.ts", [NET]);
  readonly #templates = new Map<string, string>();
  #databases = 0;

  /** @param dir an empty folder for databases */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The folder of the databases. */
  get dir(): string {
    return this.#dir;
  }

  /** The path of a template in the folder. */
  template(name: string): string {
    return `${this.#dir}/${name}.template`;
  }

  /** Makes a template on the first call; returns its path. */
  seed(name: string, seed: Seed): string {
    const path = this.#templates.get(name) ?? this.template(name);
    if (!this.#templates.has(name)) seedDatabase(path, seed);
    this.#templates.set(name, path);
    return path;
  }

  /** Runs `work` with a fresh relay on a copy of the template. */
  relay<T>(
    template: string,
    work: (relay: Child) => Promise<T>,
    writer: WriterPlace = "thread",
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

  /** Result of a warmed-up load on a fresh relay, and the mean responses of a commit. */
  measure(
    template: string,
    load: LoadOn,
    plan: RunPlan,
    { warmUp = { seconds: WARM_UP }, writer }: {
      warmUp?: RunPlan;
      writer?: WriterPlace;
    } = {},
  ): Promise<{ result: RunResult; group: number }> {
    return this.relay(
      template,
      (relay) =>
        this.load(relay, load, async (run) => {
          await run(warmUp);
          const before = await relay.ask<RelayStats>("stats");
          const result = await run(plan);
          const after = await relay.ask<RelayStats>("stats");
          const commits = Math.max(1, after.commits - before.commits);
          return { result, group: result.responses / commits };
        }),
      writer,
    );
  }

  /** Result of a warmed-up load on the no-op relay. */
  async noop(load: LoadOn, seconds: number): Promise<RunResult> {
    const plan: ResponsePlan = load.frames;
    await using relay = Child.start(
      "noop_relay.ts",
      [NET],
      JSON.stringify(plan),
    );
    return await this.load(relay, load, async (run) => {
      await run({ seconds: WARM_UP });
      return await run({ seconds });
    });
  }

  /** Rate of SQLite alone at the last of the plans, on a copy of the template. */
  sqlite(
    template: string,
    command: "insert" | "pull",
    ...plans: object[]
  ): Promise<number> {
    return this.#onCopy(template, async (path) => {
      await using sqlite = Child.start("sqlite_alone.ts", FILES, path);
      let rate = 0;
      for (const plan of plans) rate = await sqlite.ask<number>(command, plan);
      return rate;
    });
  }

  /** Opens a load's connections, runs `work`, and closes them. */
  async load<T>(
    relay: Child,
    plan: LoadOn,
    work: (run: RunLoad) => Promise<T>,
  ): Promise<T> {
    const ports = [await relay.ask<number>("port")];
    await this.#load.ask("open", { ...plan, ports });
    try {
      return await work((run) => this.#load.ask("run", run));
    } finally {
      await this.#load.ask("close");
    }
  }

  /** Ends the load's process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
  }

  async #onCopy<T>(
    template: string,
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    const dir = `${this.#dir}/${this.#databases++}`;
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
