/**
 * The relays that one launcher runs, on one port: as many as are asked for, each
 * a process. A new one can take the place of each while clients go on.
 *
 * @module
 */

import { lines } from "../../shared/cli/lines.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { sendSignal } from "./launcher.ts";

/** What starts a relay's process. */
export interface RelayProgram {
  /** The arguments of each, by its number from 0. */
  args: (index: number) => readonly string[];
  /** The runtime's arguments that start a relay with these arguments. */
  command: (args: readonly string[]) => Promise<readonly string[]>;
  /** Is called once the first of them serves. */
  serves: () => void;
  /** Tells what happens to the relays. */
  say: (level: "info" | "error", text: string) => void;
}

/** What a relay prints once it serves, and once it waits for the store of another. */
const LISTENING = /^listening on \S+:(\d+)$/;
const TAKING_OVER = /^taking over /;

/** Milliseconds before a relay that ended by itself is replaced. */
const PAUSE = 1000;

/** A relay's process. */
interface Member {
  /** Its number, which is its replacement's too. */
  index: number;
  process: Deno.ChildProcess;
  /** Resolves once the one before it may stop; rejects where it ended instead. */
  ready: Promise<void>;
  /** Resolves once it serves; rejects where it ended instead. */
  serves: Promise<void>;
  /** Resolves with its exit code, once all that it printed was passed on. */
  ended: Promise<number>;
  /** Whether its end is awaited elsewhere. */
  expected: boolean;
}

/** Relays on one port. */
export class RelayGroup {
  readonly #program: RelayProgram;
  readonly #members = new Set<Member>();
  readonly #over = Promise.withResolvers<number>();
  #port: number | undefined;
  #count = 1;
  #stopping = false;
  #replacing: Promise<void> = Promise.resolve();

  constructor(program: RelayProgram) {
    this.#program = program;
  }

  /**
   * Runs so many relays until they are told to stop. One of several that ends
   * by itself is started again; where it is the only one, this ends with it.
   *
   * @returns the exit code
   */
  async run(count: number): Promise<number> {
    this.#count = count;
    try {
      // The first finds out whether the port is to be had, and which it is.
      const first = await this.#start(0, []);
      await first.serves.catch(() => {});
      if (this.#port === undefined) return await first.ended;
      this.#program.serves();
      for (let more = 1; more < count; more++) {
        await this.#start(more, this.#beside());
      }
      return await this.#over.promise;
    } finally {
      this.stop();
      await Promise.all([...this.#members].map(({ ended }) => ended));
    }
  }

  /** Stops all of them in good order. */
  stop(): void {
    this.#stopping = true;
    for (const { process } of this.#members) sendSignal(process, "SIGTERM");
  }

  /**
   * Starts a new relay in the place of each, and stops the old one once the
   * new one takes connections: none is refused meanwhile.
   */
  replace(): void {
    this.#replacing = this.#replacing.then(() => this.#replaceAll()).catch(
      (error) => this.#over.reject(error),
    );
  }

  async #replaceAll(): Promise<void> {
    if (this.#port === undefined) return;
    for (const old of [...this.#members]) {
      if (this.#stopping || !await this.#replaceOne(old)) return;
    }
    this.#program.say("info", "the new relay has taken over");
  }

  /** @returns whether a new one serves */
  async #replaceOne(old: Member): Promise<boolean> {
    let fresh: Member;
    try {
      fresh = await this.#start(old.index, this.#beside(), true);
      await fresh.ready;
    } catch (error) {
      if (this.#stopping) return false;
      const reason = reasonOf(error);
      this.#program.say(
        "error",
        `the new relay didn't start (${reason}), so the old one goes on`,
      );
      return false;
    }
    old.expected = true;
    sendSignal(old.process, "SIGTERM");
    await old.ended;
    try {
      await fresh.serves;
      fresh.expected = false;
      return true;
    } catch {
      // It had its turn at the store and couldn't use it: as after a crash.
      if (!this.#stopping) await this.#restart(fresh);
      return false;
    }
  }

  #beside(): string[] {
    return ["--port", `${this.#port}`, "--take-over"];
  }

  async #start(
    index: number,
    more: readonly string[],
    expected = false,
  ): Promise<Member> {
    const args = [
      ...this.#program.args(index),
      ...["--workers", "1", "--stop-with-input"],
      ...more,
    ];
    const process = new Deno.Command(Deno.execPath(), {
      args: [...await this.#program.command(args)],
      // It ends with this process, however that ends.
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const ready = Promise.withResolvers<void>();
    const serves = Promise.withResolvers<void>();
    const member: Member = {
      index,
      process,
      ready: ready.promise,
      serves: serves.promise,
      ended: this.#follow(process, ready, serves),
      expected,
    };
    // May have no awaiter; avoids an unhandled rejection.
    member.ready.catch(() => {});
    member.serves.catch(() => {});
    this.#members.add(member);
    this.#watch(member);
    if (this.#stopping) sendSignal(process, "SIGTERM");
    return member;
  }

  /** Passes on what it prints, but for what another one has said already. */
  async #follow(
    process: Deno.ChildProcess,
    ready: PromiseWithResolvers<void>,
    serves: PromiseWithResolvers<void>,
  ): Promise<number> {
    for await (const line of lines(process.stdout)) {
      const [, port] = LISTENING.exec(line) ?? [];
      const said = port !== undefined && this.#port !== undefined;
      if (port !== undefined) {
        this.#port = Number(port);
        serves.resolve();
      }
      if (port !== undefined || TAKING_OVER.test(line)) ready.resolve();
      if (!said) console.log(line);
    }
    const { code } = await process.status;
    const ended = new Error(`it ended with code ${code}`);
    ready.reject(ended);
    serves.reject(ended);
    return code;
  }

  async #watch(member: Member): Promise<void> {
    const code = await member.ended;
    this.#members.delete(member);
    if (this.#stopping || this.#port === undefined) {
      if (this.#members.size === 0) this.#over.resolve(code);
    } else if (!member.expected) {
      if (this.#count === 1) return this.#over.resolve(code);
      this.#program.say(
        "error",
        `a relay ended with code ${code}: another one is started`,
      );
      await this.#restart(member);
    }
  }

  async #restart({ index }: Member): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (this.#stopping) return;
    try {
      await this.#start(index, this.#beside());
    } catch (error) {
      this.#over.reject(error);
    }
  }
}
