/**
 * Makes the checks of a server, one at a time: some servers fail with two
 * clients at once, which a check of its own finds.
 *
 * @module
 */

import { defaultDialect } from "../../../shared/wire/dialects.ts";
import { PROTOCOL_VERSION } from "../../../shared/wire/protocol.ts";
import type { Address } from "../../../shared/folder/info_files.ts";
import { levelOf, type Outcome } from "../report/outcome.ts";
import { attempt, type Ending, skipped } from "./attempt.ts";
import { Basics } from "./basics.ts";
import { UserPool } from "./user_pool.ts";
import { type Check, CheckFailure, Unprepared } from "./check.ts";
import { firstCheck, lastCheck, selectChecks } from "./checks.ts";
import { randomName, registration } from "./frames.ts";
import type { ServerDialect } from "./server_dialect.ts";
import { Probe } from "./probe.ts";
import { hasResponse, NoConnection, Target } from "./target.ts";

/** Default time-out of a response in milliseconds. */
export const DEFAULT_TIMEOUT = 2000;
/** Longest run: time-outs of a response, and its least in milliseconds. */
const MOST_TIMEOUTS = 300;
const LEAST_LONGEST = 600_000;
/** Factor of the time-out in the second try of a check. */
const MORE_PATIENCE = 2;
/** Number of vain second tries after which a quick server gets no more. */
const MOST_IN_VAIN = 2;
/** Shortest time-out in milliseconds before a server counts as gone. */
const LEAST_PATIENCE = 2000;
/** Size in bytes of requests that may keep a server busy. */
const LARGE = 64 * 1024;
/** Time-out in milliseconds after these. */
const LARGE_TAKES = 30_000;
/** Milliseconds between two tries to reach a server. */
const AGAIN = 100;

/** Options of {@linkcode checkServer}. */
export interface ServerChecks extends Partial<ServerDialect> {
  /** The server's address. */
  address: Address;
  /** Names, clauses or subjects, with `*` for anything. Default: all checks. */
  only?: readonly string[];
  /** Time-out of a response in milliseconds. Default: 2000. */
  timeout?: number;
  /** Milliseconds after which no further check is made. Default: 300 times `timeout`, 10 minutes at least. */
  longest?: number;
  /** Stops the run. */
  signal?: AbortSignal;
}

/**
 * Checks a server. The first check (a registration) and the last one (whether the
 * server still works) are always made, and reported if they are chosen or fail.
 *
 * @throws {UsageError} if a pattern in `only` matches no check
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

/** A check's result and its probe. */
interface Made {
  readonly ending: Ending;
  readonly probe: Probe;
}

/** A run of checks. */
class Run {
  readonly #target: Target;
  readonly #longest: number;
  readonly #pool = new UserPool();
  readonly #basics = new Basics(() =>
    new Probe(this.#target, this.#pool, undefined, MORE_PATIENCE)
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

  /** Stops the check in progress and starts no further one. */
  stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve(undefined);
  }

  /**
   * Makes the chosen checks, between the first and the last one of all, which
   * are reported if they fail.
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
    // A response that takes nearly the time-out now may take longer later.
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

  /** Whether users can be registered despite a wrong response. */
  async #registers(): Promise<boolean> {
    const probe = new Probe(this.#target, this.#pool, this.#basics);
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

  /** Finds the usual request, before a check can upset the server. */
  async #findUsual(): Promise<void> {
    // Lists are tested while they are short: servers may cut long ones.
    const finding = this.#basics.usual().then(
      () => this.#basics.works("list", true),
      (error) => {
        // Each check that needs one reports it.
        if (!(error instanceof Unprepared)) throw error;
      },
    );
    await Promise.race([finding, this.#stopped.promise]);
  }

  /**
   * Makes a check; undefined if the run is stopped meanwhile.
   *
   * @param always whether to make it even if the server seems to be gone
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

  /** Makes a check, and again with more time if a time-out may have been too short. */
  async #attempt(check: Check, isLastWord: boolean): Promise<Made> {
    const made = await this.#attemptOnce(check);
    // These have no other check to compare with.
    if (check === firstCheck || isLastWord) return made;
    const took = made.probe.wasUnanswered
      ? await this.#comesBack(check, made.probe)
      : 0;
    // The check of an ability reports that it is missing.
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
    const [target, pool] = [this.#target, this.#pool];
    const probe = new Probe(target, pool, this.#basics, patience, name);
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
   * Makes a request on a new connection, after one without a response: a server
   * that hangs or is gone mustn't fail all further checks.
   *
   * @returns milliseconds until the response; undefined if none came
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

  /** @returns the failure if no response came */
  async #asks(ms: number): Promise<CheckFailure | undefined> {
    const probe = new Probe(
      this.#target,
      this.#pool,
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

  /** A request that needs no new user. */
  async #simple(): Promise<Uint8Array> {
    const [from, to] = this.#pool.all;
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
