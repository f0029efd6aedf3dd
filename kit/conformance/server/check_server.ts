/**
 * Makes the checks of a server, one after the other: some servers break where
 * two clients come at once, which is for one check to find.
 *
 * @module
 */

import { defaultDialect } from "../../../shared/wire/dialects.ts";
import { PROTOCOL_VERSION } from "../../../shared/wire/protocol.ts";
import type { Address } from "../../../shared/folder/info_server.ts";
import { levelOf, type Outcome } from "../report/outcome.ts";
import { attempt, type Ending, skipped } from "./attempt.ts";
import { Basics } from "./basics.ts";
import { Cast } from "./cast.ts";
import { type Check, CheckFailure, Unprepared } from "./check.ts";
import { firstCheck, lastCheck, selectChecks } from "./checks.ts";
import { randomName, registration } from "./frames.ts";
import type { ServerDialect } from "./server_dialect.ts";
import { Probe } from "./probe.ts";
import { hasResponse, NoConnection, Target } from "./target.ts";

/** Milliseconds that a response may take where nothing else is asked for. */
export const DEFAULT_TIMEOUT = 2000;
/** Responses' time-outs after which no further check is made, and milliseconds that there are at least. */
const MOST_TIMEOUTS = 300;
const LEAST_LONGEST = 600_000;
/** How many times as long as otherwise a response may take where one was missing. */
const MORE_PATIENCE = 2;
/** Checks that are made again in vain, after which a server that is quick elsewhere gets no second try. */
const MOST_IN_VAIN = 2;
/** Milliseconds that it gets at least, before it counts as gone. */
const LEAST_PATIENCE = 2000;
/** Bytes of requests that may keep a server busy for long. */
const LARGE = 64 * 1024;
/** Milliseconds that it then gets. */
const LARGE_TAKES = 30_000;
/** Milliseconds until a server that ended a connection is asked anew. */
const AGAIN = 100;

/** What is to be checked, and how. */
export interface ServerChecks extends Partial<ServerDialect> {
  /** Where the server listens. */
  address: Address;
  /** Names, clauses or subjects, with `*` for anything. Default: all checks. */
  only?: readonly string[];
  /** Milliseconds that a response may take. Default: 2000. */
  timeout?: number;
  /** Milliseconds after which no further check is made. Default: 300 times `timeout`, 10 minutes at least. */
  longest?: number;
  /** Ends it early: what is done by then is reported. */
  signal?: AbortSignal;
}

/**
 * Checks a server. Whether it takes a registration is always checked first, and
 * whether it is still there at last; where only other checks are asked for, that
 * is reported if it fails.
 *
 * @throws {UsageError} where `only` has what fits no check
 */
export async function* checkServer(
  {
    address,
    only,
    timeout = DEFAULT_TIMEOUT,
    dialect = defaultDialect,
    version = PROTOCOL_VERSION,
    longest = Math.max(LEAST_LONGEST, MOST_TIMEOUTS * timeout),
    signal,
  }: ServerChecks,
): AsyncGenerator<Outcome> {
  const chosen = selectChecks(only);
  const serverDialect = { dialect, version };
  const run = new Run(
    new Target(address, timeout, serverDialect),
    longest,
    signal,
  );
  try {
    yield* run.makeAll(chosen);
  } finally {
    run.stop();
  }
}

/** How a check ended, and what went on meanwhile. */
interface Made {
  readonly ending: Ending;
  readonly probe: Probe;
}

/** One run of checks against a server. */
class Run {
  readonly #target: Target;
  readonly #longest: number;
  readonly #cast = new Cast();
  readonly #basics = new Basics(() =>
    new Probe(this.#target, this.#cast, undefined, MORE_PATIENCE)
  );
  readonly #stopped = Promise.withResolvers<undefined>();
  #isStopped = false;
  #inVain = 0;

  constructor(
    target: Target,
    longest: number,
    signal: AbortSignal | undefined,
  ) {
    this.#target = target;
    this.#longest = longest;
    if (signal?.aborted) this.stop();
    signal?.addEventListener("abort", () => this.stop(), { once: true });
  }

  /** Begins nothing more, and ends what is under way. */
  stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve(undefined);
  }

  /**
   * Makes the chosen checks. The first one of all tells whether the server
   * answers and the last one whether it is still there: what these find is
   * reported though they weren't asked for.
   */
  async *makeAll(chosen: readonly Check[]): AsyncGenerator<Outcome> {
    const end = performance.now() + this.#longest;
    const first = await this.#make(firstCheck);
    if (first === undefined) return;
    if (chosen.includes(firstCheck) || first.verdict === "fail") yield first;
    const wasThere = first.verdict === "pass" || hasResponse(first.exchange);
    if (!wasThere) {
      this.#target.leave(
        first.exchange.some(({ direction }) => direction === "answer")
          ? `has no response to a registration that can be read: see ${firstCheck.name}`
          : "doesn't answer a registration",
      );
    }
    const others = chosen.filter((check) =>
      check !== firstCheck && check !== lastCheck
    );
    // What takes nearly all of its time at the start may take more than that later.
    if (first.ms > this.#target.timeout / 3) this.#target.waitLonger();
    if (first.verdict === "fail" && wasThere) {
      this.#basics.registersNone = !(await this.#registers());
    }
    if (wasThere && others.length > 0) await this.#findUsual();
    for (const check of others) {
      if (performance.now() > end) {
        this.#target.leave(`is slow: ${seconds(this.#longest)} are over`);
      }
      const outcome = await this.#make(check);
      if (outcome === undefined) return;
      yield outcome;
    }
    const isGone = wasThere && this.#target.gone !== undefined;
    if (!isGone && !chosen.includes(lastCheck)) return;
    const last = await this.#make(lastCheck, isGone);
    if (last !== undefined) yield last;
  }

  /** Whether a user can be registered, though the response isn't what it should be. */
  async #registers(): Promise<boolean> {
    const probe = new Probe(this.#target, this.#cast, this.#basics);
    try {
      await probe.user();
      await probe.giveBack();
      return true;
    } catch (error) {
      if (error instanceof Unprepared) return false;
      throw error;
    } finally {
      probe.close();
    }
  }

  /** Finds out what the server answers well, before a check can upset it. */
  async #findUsual(): Promise<void> {
    // A list is tried while it is short: of a longer one less may come.
    const finding = this.#basics.usual().then(
      () => this.#basics.works("list", true),
      (error) => {
        // Each check that needs one tells of that.
        if (!(error instanceof Unprepared)) throw error;
      },
    );
    await Promise.race([finding, this.#stopped.promise]);
  }

  /**
   * Makes a check; undefined where all of it is stopped meanwhile.
   *
   * @param always whether also where the server seems to be gone
   */
  async #make(check: Check, always = false): Promise<Outcome | undefined> {
    if (this.#isStopped) return undefined;
    const { name, subject, about } = check;
    const start = performance.now();
    const { gone } = this.#target;
    if (gone !== undefined && !always) {
      return {
        ...{ name, subject, about, clause: check.clause, ms: 0, reason: gone },
        ...{ verdict: "skipped", untried: true, exchange: [] },
        level: levelOf(check),
      };
    }
    const made = await Promise.race([
      this.#attempt(check, always),
      this.#stopped.promise,
    ]);
    if (made === undefined) return undefined;
    const ms = performance.now() - start;
    const { ending: { shows, isUnserved: _, ...ending } } = made;
    const { exchange } = made.probe;
    const clause = ending.clause ?? check.clause;
    return {
      ...{ name, subject, about, ms, ...ending, clause },
      level: levelOf({ clause }),
      exchange: shows === undefined ? exchange : [...exchange, shows],
    };
  }

  /** Makes a check, and again where only patience may have been missing. */
  async #attempt(check: Check, isLastWord: boolean): Promise<Made> {
    const made = await this.#attemptOnce(check);
    // Where not even these are answered there is nothing to compare with.
    if (check === firstCheck || isLastWord) return made;
    const took = made.probe.wasUnanswered
      ? await this.#comesBack(check, made.probe)
      : 0;
    // That the server doesn't do such a thing at all is told by the check of that.
    const mayLack = made.ending.isUnserved ||
      made.ending.verdict === "fail" && this.#basics.registersNone;
    const lack = took !== undefined && mayLack
      ? await made.probe.lacks()
      : undefined;
    if (lack !== undefined) {
      const { reason = "" } = made.ending;
      return { ...made, ending: skipped(`${lack}: got ${reason}`) };
    }
    if (took === undefined || !made.probe.wasUnanswered) return made;
    const wasBusy = took > this.#target.timeout / 2;
    const isFailure = made.ending.verdict === "fail";
    const isTried = wasBusy
      ? made.ending.verdict !== "pass"
      : isFailure && this.#inVain < MOST_IN_VAIN;
    if (!isTried) return made;
    const again = await this.#attemptOnce(check, MORE_PATIENCE);
    if (!again.probe.wasUnanswered) this.#target.waitLonger();
    else {
      this.#inVain++;
      await this.#comesBack(check, again.probe);
    }
    return again;
  }

  async #attemptOnce(check: Check, patience = 1): Promise<Made> {
    const { name } = check;
    const [target, cast] = [this.#target, this.#cast];
    const probe = new Probe(target, cast, this.#basics, patience, name);
    const mustConnect = check === firstCheck || check === lastCheck;
    const stop = () => probe.close();
    this.#stopped.promise.then(stop);
    try {
      return { ending: await attempt(check, probe, mustConnect), probe };
    } finally {
      probe.close();
    }
  }

  /**
   * Asks on a new connection, after a request that had no response: a server that
   * hangs, or is gone, isn't accused of all else.
   *
   * @returns milliseconds that the response took; undefined where none came
   */
  async #comesBack(check: Check, { sent }: Probe): Promise<number | undefined> {
    const start = performance.now();
    const patience = Math.max(
      LEAST_PATIENCE,
      MORE_PATIENCE * this.#target.timeout,
      sent > LARGE ? LARGE_TAKES : 0,
    );
    for (;;) {
      const error = await this.#asks(patience);
      const took = performance.now() - start;
      if (error === undefined) return took;
      if (this.#isStopped) return undefined;
      if (took >= patience) {
        this.#target.leave(
          error instanceof NoConnection
            ? "takes no connections any more"
            : `answers nothing any more, since ${check.name}`,
        );
        return undefined;
      }
      await Promise.race([
        new Promise((resolve) => setTimeout(resolve, AGAIN)),
        this.#stopped.promise,
      ]);
    }
  }

  /** @returns why no response came */
  async #asks(ms: number): Promise<CheckFailure | undefined> {
    const probe = new Probe(
      this.#target,
      this.#cast,
      this.#basics,
      ms / this.#target.timeout,
    );
    const close = () => probe.close();
    this.#stopped.promise.then(close);
    try {
      await probe.ask(await this.#simple());
      return undefined;
    } catch (error) {
      if (error instanceof CheckFailure) return error;
      throw error;
    } finally {
      probe.close();
    }
  }

  /** The request that shows whether the server answers; it needs no new user. */
  async #simple(): Promise<Uint8Array> {
    const [from, to] = this.#cast.all;
    try {
      const { request } = await this.#basics.usual();
      if (from !== undefined && to !== undefined) return request(from, to);
    } catch (error) {
      if (!(error instanceof Unprepared)) throw error;
    }
    return registration(randomName());
  }
}

const seconds = (ms: number) => `${Math.round(ms / 1000)} seconds`;
