/**
 * Makes the checks of a server: a few at a time, and reported in their order.
 *
 * @module
 */

import { inTime } from "../../../shared/in_time.ts";
import { type Address, formatAddress } from "../../../shared/info_server.ts";
import { levelOf, type Outcome } from "../report/outcome.ts";
import { Cast } from "./cast.ts";
import { type Check, CheckFailure, Unprepared } from "./check.ts";
import { allChecks, selectChecks } from "./checks.ts";
import { keyRequest, randomId } from "./frames.ts";
import { Probe } from "./probe.ts";
import { Target } from "./target.ts";

/** Milliseconds that an answer may take where nothing else is asked for. */
export const DEFAULT_TIMEOUT = 2000;
/** Checks at a time. */
const AT_ONCE = 6;
/** Answers' time-outs that a whole check may take. */
const TIMEOUTS_A_CHECK = 5;
/** Milliseconds that any check gets: some of them wait on purpose. */
const LEAST_TIME = 5000;

/** What is to be checked, and how. */
export interface ServerChecks {
  /** Where the server listens. */
  address: Address;
  /** Names, clauses or subjects, with `*` for anything. Default: all checks. */
  only?: readonly string[];
  /** Milliseconds that an answer may take. Default: 2000. */
  timeout?: number;
  /** Ends it early: what is done by then is reported. */
  signal?: AbortSignal;
}

/**
 * Checks a server. Whether it takes a registration is always checked first;
 * where only other checks are asked for, that is reported if it fails.
 *
 * @throws {UsageError} where `only` has what fits no check
 */
export async function* checkServer(
  { address, only, timeout = DEFAULT_TIMEOUT, signal }: ServerChecks,
): AsyncGenerator<Outcome> {
  const chosen = selectChecks(only);
  const run = new Run(new Target(address, timeout), signal);
  try {
    yield* run.makeChosen(chosen, formatAddress(address));
  } finally {
    run.stop();
  }
}

/** One run of checks against a server. */
class Run {
  /** Checks at a time. */
  #atOnce = AT_ONCE;
  readonly #target: Target;
  readonly #cast = new Cast();
  readonly #stopped = Promise.withResolvers<undefined>();
  #isStopped = false;

  constructor(target: Target, signal: AbortSignal | undefined) {
    this.#target = target;
    if (signal?.aborted) this.stop();
    signal?.addEventListener("abort", () => this.stop(), { once: true });
  }

  /** Begins nothing more, and ends what is under way. */
  stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve(undefined);
  }

  /** Makes some of the checks, and the first one in any case. */
  async *makeChosen(
    chosen: readonly Check[],
    address: string,
  ): AsyncGenerator<Outcome> {
    const [first, ...rest] = allChecks;
    const gate = first && await this.#make(first);
    if (first === undefined || gate === undefined) return;
    if (chosen.includes(first) || gate.verdict === "fail") yield gate;
    await this.#findPace(gate, address);
    const others = rest.filter((check) => chosen.includes(check));
    yield* this.#makeAll(others.filter(({ alone }) => !alone));
    this.#atOnce = 1;
    yield* this.#makeAll(others.filter(({ alone }) => alone));
  }

  /**
   * Decides what the first check means for the others: none where the server
   * doesn't answer, and one at a time where it serves nobody beside a client that stalls.
   */
  async #findPace(gate: Outcome, address: string): Promise<void> {
    // A note says that an answer isn't whole: to wait for more of them takes minutes.
    const answered = gate.exchange.some(({ direction, note }) =>
      direction === "answer" && note === undefined
    );
    if (gate.verdict === "fail" && !answered) {
      this.#target.gone = `${address} doesn't answer a registration whole`;
      return;
    }
    const probe = new Probe(this.#target, this.#cast);
    try {
      const request = keyRequest(randomId(), randomId());
      await (await probe.connect()).sendPart(request.subarray(0, 1));
      await probe.ask(request);
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      this.#atOnce = 1;
    } finally {
      probe.close();
    }
  }

  /** Makes checks side by side, and tells of them in order. */
  async *#makeAll(checks: readonly Check[]): AsyncGenerator<Outcome> {
    const results = checks.map(() =>
      Promise.withResolvers<Outcome | undefined>()
    );
    let next = 0;
    const work = async () => {
      for (let index = next++; index < checks.length; index = next++) {
        const check = checks[index];
        if (check === undefined) return;
        results[index]?.resolve(await this.#make(check));
      }
    };
    const workers = Promise.all(
      Array.from({ length: this.#atOnce }, () => work()),
    );
    // A defect of a check is to end all of it, and no result is to be waited for then.
    workers.catch((error) => results.forEach(({ reject }) => reject(error)));
    for (const { promise } of results) {
      promise.catch(() => {});
    }
    for (const { promise } of results) {
      const outcome = await promise;
      if (outcome !== undefined) yield outcome;
    }
    await workers;
  }

  /** Makes a check; undefined where all of it is stopped meanwhile. */
  async #make(check: Check): Promise<Outcome | undefined> {
    if (this.#isStopped) return undefined;
    const probe = new Probe(this.#target, this.#cast);
    const start = performance.now();
    const made = this.#attempt(check, probe);
    const ended = await Promise.race([made, this.#stopped.promise]);
    const ms = performance.now() - start;
    probe.close();
    if (ended === undefined) return undefined;
    const { name, subject, clause, about } = check;
    const info = { name, subject, clause, about, level: levelOf(check) };
    return { ...info, ...ended, exchange: probe.exchange, ms };
  }

  async #attempt(
    check: Check,
    probe: Probe,
  ): Promise<Pick<Outcome, "verdict" | "reason" | "expected">> {
    const { gone, timeout } = this.#target;
    if (gone !== undefined) return { verdict: "skipped", reason: gone };
    const ms = Math.max(LEAST_TIME, TIMEOUTS_A_CHECK * timeout);
    try {
      // What goes on behind its time fails on a closed connection.
      const running = check.run(probe);
      running.catch(() => {});
      const done = await inTime(running.then(() => true), ms, false);
      if (!done) {
        throw new CheckFailure("an end", `none within ${ms} ms`);
      }
      await probe.giveBack();
      return { verdict: "pass" };
    } catch (error) {
      if (error instanceof Unprepared) {
        return { verdict: "skipped", reason: error.message };
      }
      if (!(error instanceof CheckFailure)) throw error;
      return { verdict: "fail", reason: error.got, expected: error.expected };
    }
  }
}
