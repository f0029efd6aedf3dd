import { setTimeout } from "node:timers/promises";
import { formatDuration } from "../../shared/cli/figures.ts";
import { lines } from "../../shared/cli/lines.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { RestartPauses } from "./restart_pauses.ts";

/** How to start a relay process, and where to report. */
export interface RelayProgram {
  /** The arguments of a relay, by its index. */
  args: (index: number) => readonly string[];
  /** The runtime's arguments to start a relay with `args`. */
  command: (args: readonly string[]) => Promise<readonly string[]>;
  /** Whether it takes any free port for the secure protocol, and tells which. */
  findsSecurePort: boolean;
  /** Runs once the first relay serves. */
  serves: () => void;
  /** Logs an event. */
  say: (level: "info" | "error", text: string) => void;
}

/** Lines that a relay prints once it serves, with its ports. */
const LISTENING = /^listening on \S+:(\d+)$/;
const SECURE = /^mu:\/\/\S+:(\d+)\/\S+$/;
/** What it prints once it waits for another relay's store. */
const TAKING_OVER = /^taking over /;

/** The place of a relay in its group, which its replacement inherits. */
interface Place {
  readonly index: number;
  /** Whether a relay has served in it. */
  hasServed: boolean;
  readonly pauses: RestartPauses;
}

/** A relay process. */
interface Member {
  readonly place: Place;
  process: Deno.ChildProcess;
  /** Resolves once its predecessor may stop; rejects if it ended before. */
  ready: Promise<void>;
  /** Resolves once it serves; rejects if it ended before. */
  serves: Promise<void>;
  /** When it began to serve, by `performance.now()`. */
  servedSince?: number;
  /** Resolves to its exit code, once its output has been forwarded. */
  ended: Promise<number>;
  /** Whether its end is expected. */
  expected: boolean;
}

/**
 * Runs relays on one port. Each can be replaced while clients stay connected.
 */
export class RelayGroup {
  readonly #program: RelayProgram;
  readonly #members = new Set<Member>();
  readonly #over = Promise.withResolvers<number>();
  #port: number | undefined;
  #securePort: number | undefined;
  /** The lines with ports that were forwarded. */
  readonly #told = new Set<string>();
  #count = 1;
  readonly #stop = new AbortController();
  #replacing: Promise<void> = Promise.resolve();

  constructor(program: RelayProgram) {
    this.#program = program;
  }

  get #stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /**
   * Runs `count` relays until {@linkcode RelayGroup.stop}. Restarts one that
   * ends unexpectedly. A single relay ends the group, and so does one that ends
   * before any has served in its place: it would fail again.
   *
   * @returns the exit code
   */
  async run(count: number): Promise<number> {
    this.#count = count;
    try {
      // The first relay determines the port.
      const first = await this.#start(placeOf(0), []);
      await first.serves.catch(() => {});
      if (this.#port === undefined) return await first.ended;
      this.#program.serves();
      for (let more = 1; more < count; more++) {
        await this.#start(placeOf(more), this.#beside());
      }
      return await this.#over.promise;
    } finally {
      this.stop();
      await Promise.all([...this.#members].map(({ ended }) => ended));
    }
  }

  /** Stops all relays in good order. */
  stop(): void {
    this.#stop.abort();
    if (this.#members.size === 0) this.#over.resolve(0);
    for (const { process } of this.#members) endInput(process);
  }

  /**
   * Replaces each relay: starts a new one, then stops the old one once the new
   * one accepts connections, so that no connection is refused.
   */
  replace(): void {
    this.#replacing = this.#replacing.then(() => this.#replaceAll()).catch(
      (error) => this.#over.reject(error),
    );
  }

  async #replaceAll(): Promise<void> {
    if (this.#port === undefined) return;
    for (const old of [...this.#members]) {
      // One that has ended since is restarted anyway.
      if (!this.#members.has(old)) continue;
      if (this.#stopping || !await this.#replaceOne(old)) return;
    }
    this.#program.say("info", "the new relay has taken over");
  }

  /** @returns whether the new relay serves */
  async #replaceOne(old: Member): Promise<boolean> {
    let fresh: Member;
    try {
      fresh = await this.#start(old.place, this.#beside(), true);
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
    endInput(old.process);
    await old.ended;
    try {
      await fresh.serves;
      fresh.expected = false;
      // It may have served, and ended while the old one did.
      if (this.#members.has(fresh)) return true;
    } catch {
      // It failed at the store.
    }
    // Restarts as after a crash.
    if (!this.#stopping) await this.#restart(fresh);
    return false;
  }

  #beside(): string[] {
    const { findsSecurePort } = this.#program;
    return [
      ...["--port", `${this.#port}`],
      ...findsSecurePort ? ["--secure-port", `${this.#securePort}`] : [],
      "--take-over",
    ];
  }

  async #start(
    place: Place,
    more: readonly string[],
    expected = false,
  ): Promise<Member> {
    const args = [
      ...this.#program.args(place.index),
      ...["--workers", "1", "--stop-with-input"],
      ...more,
    ];
    const process = new Deno.Command(Deno.execPath(), {
      args: [...await this.#program.command(args)],
      // The relay stops once this ends, also with this process.
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const ready = Promise.withResolvers<void>();
    const serves = Promise.withResolvers<void>();
    const member: Member = {
      place,
      process,
      ready: ready.promise,
      serves: serves.promise,
      ended: this.#follow(process, ready, serves),
      expected,
    };
    // May have no awaiter; avoids an unhandled rejection.
    member.ready.catch(() => {});
    member.serves.then(() => {
      place.hasServed = true;
      member.servedSince = performance.now();
    }, () => {});
    this.#members.add(member);
    this.#watch(member);
    if (this.#stopping) endInput(process);
    return member;
  }

  /** Forwards its output, except lines that another relay has printed. */
  async #follow(
    process: Deno.ChildProcess,
    ready: PromiseWithResolvers<void>,
    serves: PromiseWithResolvers<void>,
  ): Promise<number> {
    for await (const line of lines(process.stdout)) {
      const [, port] = LISTENING.exec(line) ?? [];
      const [, securePort] = SECURE.exec(line) ?? [];
      if (port !== undefined) this.#port = Number(port);
      if (securePort !== undefined) this.#securePort = Number(securePort);
      const isLast = this.#program.findsSecurePort ? securePort : port;
      if (isLast !== undefined) serves.resolve();
      if (isLast !== undefined || TAKING_OVER.test(line)) ready.resolve();
      if (this.#told.has(line)) continue;
      if ((port ?? securePort) !== undefined) this.#told.add(line);
      console.log(line);
    }
    const { code } = await process.status;
    const ended = new Error(`it ended with code ${code}`);
    ready.reject(ended);
    serves.reject(ended);
    return code;
  }

  async #watch(member: Member): Promise<void> {
    const code = await member.ended;
    endInput(member.process);
    this.#members.delete(member);
    if (this.#stopping || this.#port === undefined) {
      if (this.#members.size === 0) this.#over.resolve(code);
    } else if (!member.expected) {
      const { hasServed } = member.place;
      if (this.#count > 1 && hasServed) return await this.#restart(member);
      if (this.#count > 1) {
        this.#program.say(
          "error",
          `a relay ended with code ${code} before it served: the others stop`,
        );
      }
      this.#over.resolve(code);
    }
  }

  async #restart({ place, servedSince, ended }: Member): Promise<void> {
    const now = performance.now();
    const pause = place.pauses.next(now - (servedSince ?? now));
    this.#program.say(
      "error",
      `a relay ended with code ${await ended}: another one starts in ${
        formatDuration(pause)
      }`,
    );
    const { signal } = this.#stop;
    await setTimeout(pause, undefined, { signal }).catch(() => {});
    if (this.#stopping) return;
    try {
      await this.#start(place, this.#beside());
    } catch (error) {
      this.#over.reject(error);
    }
  }
}

function placeOf(index: number): Place {
  return { index, hasServed: false, pauses: new RestartPauses() };
}

/** Ends a relay's input, which asks it to stop on every system. */
function endInput({ stdin }: Deno.ChildProcess): void {
  stdin.close().catch(() => {
    // It was asked before, or has ended.
  });
}
