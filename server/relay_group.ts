/**
 * The relays that one launcher runs, on one port: as many as are asked for, each
 * a process. A new one can take the place of each while clients go on.
 *
 * @module
 */

import { lines } from "../shared/lines.ts";
import { reasonOf } from "../shared/reason.ts";

/** What starts a relay's process. */
export interface RelayProgram {
  /** Its module. */
  module: URL;
  /** The arguments of each, by its number from 0. */
  args: (index: number) => readonly string[];
  /** The runtime's flags for a relay with these arguments. */
  permissions: (args: readonly string[]) => Promise<readonly string[]>;
}

/** What a relay prints once it serves, and once it waits for the store of another. */
const LISTENING = /^listening on \S+:(\d+)$/;
const TAKING_OVER = /^taking over /;

/** A relay's process. */
interface Member {
  /** Its number, which is its replacement's too. */
  index: number;
  process: Deno.ChildProcess;
  /** Resolves once the one before it may stop; rejects where it ended instead. */
  ready: Promise<void>;
  /** Resolves with its exit code, once all that it printed was passed on. */
  ended: Promise<number>;
  /** Whether it was told to stop. */
  stopping: boolean;
}

/** Relays on one port. */
export class RelayGroup {
  readonly #program: RelayProgram;
  readonly #members = new Set<Member>();
  readonly #over = Promise.withResolvers<number>();
  #port: number | undefined;
  #stopping = false;
  #replacing: Promise<void> = Promise.resolve();

  /** Nothing runs yet. */
  constructor(program: RelayProgram) {
    this.#program = program;
  }

  /**
   * Runs so many relays until they are told to stop, or one ends by itself:
   * then all do.
   *
   * @returns the exit code of the first that ended
   */
  async run(count: number): Promise<number> {
    // The first finds out whether the port is to be had, and which it is.
    const first = await this.#start(0, []);
    await first.ready.catch(() => {});
    for (let more = 1; more < count && this.#port !== undefined; more++) {
      await this.#start(more, this.#beside());
    }
    const code = await this.#over.promise;
    await Promise.all([...this.#members].map(({ ended }) => ended));
    return code;
  }

  /** Passes a signal on to all. */
  signal(signal: Deno.Signal): void {
    this.#stopping = true;
    for (const member of this.#members) send(member, signal);
  }

  /**
   * Starts a new relay in the place of each, and stops the old one once the
   * new one takes connections: none is refused meanwhile.
   */
  replace(): void {
    this.#replacing = this.#replacing.then(() => this.#replaceAll());
  }

  async #replaceAll(): Promise<void> {
    for (const old of [...this.#members]) {
      if (this.#stopping || this.#port === undefined) return;
      try {
        const fresh = await this.#start(old.index, this.#beside(), false);
        await fresh.ready;
      } catch (error) {
        console.error(
          `error: the new relay didn't start, so the old one goes on: ${
            reasonOf(error)
          }`,
        );
        return;
      }
      send(old, "SIGTERM");
      await old.ended;
    }
    console.error("note: the new relay has taken over");
  }

  #beside(): string[] {
    return ["--port", `${this.#port}`, "--take-over"];
  }

  /** @param vital whether all end where this one doesn't come to serve */
  async #start(
    index: number,
    more: readonly string[],
    vital = true,
  ): Promise<Member> {
    const { module, permissions } = this.#program;
    const args = [...this.#program.args(index), "--workers", "1", ...more];
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        // For a port that two relays have open.
        "--unstable-net",
        ...await permissions(args),
        module.href,
        ...args,
      ],
      stdout: "piped",
    }).spawn();
    const ready = Promise.withResolvers<void>();
    // Whoever doesn't ask needn't know.
    ready.promise.catch(() => {});
    const member: Member = {
      index,
      process,
      ready: ready.promise,
      ended: this.#follow(process, ready),
      stopping: false,
    };
    this.#members.add(member);
    this.#watch(member, vital);
    if (this.#stopping) send(member, "SIGTERM");
    return member;
  }

  /** Passes on what it prints, but for what another one has said already. */
  async #follow(
    process: Deno.ChildProcess,
    ready: PromiseWithResolvers<void>,
  ): Promise<number> {
    for await (const line of lines(process.stdout)) {
      const [, port] = LISTENING.exec(line) ?? [];
      const said = port !== undefined && this.#port !== undefined;
      if (port !== undefined) this.#port = Number(port);
      if (port !== undefined || TAKING_OVER.test(line)) ready.resolve();
      if (!said) console.log(line);
    }
    const { code } = await process.status;
    ready.reject(new Error("It ended"));
    return code;
  }

  async #watch(member: Member, vital: boolean): Promise<void> {
    let serves = vital;
    member.ready.then(() => serves = true, () => {});
    const code = await member.ended;
    this.#members.delete(member);
    // One whose place another takes ends by itself, and so does one that never served.
    const replaced = member.stopping && !this.#stopping;
    if (!replaced && serves) {
      this.#over.resolve(code);
      this.signal("SIGTERM");
    }
    if (this.#members.size === 0) this.#over.resolve(code);
  }
}

function send(member: Member, signal: Deno.Signal): void {
  member.stopping = true;
  try {
    member.process.kill(signal);
  } catch {
    // It has ended already.
  }
}
