/** Relays that share one database, while they and it are killed. */

import { assert, assertEquals } from "@std/assert";
import { type Address, Crowd } from "../../../support/relays/crowd.ts";
import { Ledger } from "../../../support/relays/ledger.ts";
import { postgresServerTest } from "../../../support/stores/postgres.ts";
import { Program } from "../../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { until } from "../../../../lab/harness/until.ts";

const MEMBERS = 12;

/** Relays that are started again on their ports. */
class Relays implements AsyncDisposable {
  readonly #url: string;
  readonly #dir: string;
  readonly #programs: Program[] = [];
  /** Where they listen. */
  readonly addresses: Address[] = [];

  constructor(url: string, dir: string) {
    this.#url = url;
    this.#dir = dir;
  }

  async start(index: number): Promise<void> {
    const port = this.addresses[index]?.port ?? 0;
    const program = Program.relayOn(
      this.#url,
      this.#dir,
      ...["--port", `${port}`, "--registrations-per-minute", "0"],
    );
    this.#programs[index] = program;
    this.addresses[index] = await program.address();
  }

  async killAndStart(index: number): Promise<void> {
    this.#programs[index]?.kill("SIGKILL");
    await this.#programs[index]?.end();
    await this.start(index);
  }

  /** Stops all in good order; returns their exit codes. */
  async stop(): Promise<number[]> {
    for (const program of this.#programs) await program.stop();
    const ends = this.#programs.map((program) => program.end());
    return (await Promise.all(ends)).map(({ code }) => code);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
  }
}

postgresServerTest(
  "three relays on one database lose nothing and double nothing when they and it are killed",
  async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    await using relays = new Relays(url, folder.path);
    await Promise.all([0, 1, 2].map((index) => relays.start(index)));
    const [first] = relays.addresses;
    assert(first !== undefined);
    const ledger = new Ledger();
    const members = await Crowd.gather(first, MEMBERS);
    const crowd = new Crowd(relays.addresses, members, ledger);
    const working = crowd.work();
    const further = (what: "kept" | "refused") => {
      const before = ledger[what];
      return until(`more ${what}`, () => ledger[what] > before + 100);
    };
    try {
      for (const index of relays.addresses.keys()) {
        await further("kept");
        await relays.killAndStart(index);
      }
      await further("kept");
      for (const how of ["fast", "immediate"] as const) {
        await cluster.stop(how);
        await further("refused");
        await cluster.run();
        await further("kept");
      }
    } finally {
      crowd.stop();
      await working;
    }
    await crowd.takeAll();
    ledger.settle();
    assertEquals(await relays.stop(), [0, 0, 0]);
    assertEquals(await cluster.sql("SELECT count(*) FROM messages", url), "0");
    assertEquals(await cluster.sql("SELECT count(*) FROM parts", url), "0");
  },
);
