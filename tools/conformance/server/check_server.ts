/**
 * Makes the checks of a server, one after the other: some servers break where
 * two clients come at once, which is for one check to find.
 *
 * @module
 */

import { defaultDialect } from "../../../shared/dialects.ts";
import type { Address } from "../../../shared/info_server.ts";
import { PROTOCOL_VERSION } from "../../../shared/protocol.ts";
import { levelOf, type Outcome } from "../report/outcome.ts";
import { attempt } from "./attempt.ts";
import { type Basic, Basics } from "./basics.ts";
import { Cast } from "./cast.ts";
import { type Check, CheckFailure, Unprepared } from "./check.ts";
import { firstCheck, lastCheck, selectChecks } from "./checks.ts";
import { expectCode } from "./answer.ts";
import { frame, keyRequest, randomBytes } from "./frames.ts";
import type { Spoken } from "./generation.ts";
import { Probe } from "./probe.ts";
import { answersIn, Target } from "./target.ts";

/** Milliseconds that an answer may take where nothing else is asked for. */
export const DEFAULT_TIMEOUT = 2000;
/** Answers' time-outs after which no further check is made, and milliseconds that there are at least. */
const MOST_TIMEOUTS = 300;
const LEAST_LONGEST = 600_000;
/** A code that no request has. */
const UNKNOWN_CODE = 666;
/** Bytes of a content that looks like a ciphertext. */
const CONTENT_SIZE = 48;

/** What is to be checked, and how. */
export interface ServerChecks extends Partial<Spoken> {
  /** Where the server listens. */
  address: Address;
  /** Names, clauses or subjects, with `*` for anything. Default: all checks. */
  only?: readonly string[];
  /** Milliseconds that an answer may take. Default: 2000. */
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
  const spoken = { dialect, version };
  const run = new Run(new Target(address, timeout, spoken), longest, signal);
  try {
    yield* run.makeAll(chosen);
  } finally {
    run.stop();
  }
}

/** One run of checks against a server. */
class Run {
  readonly #target: Target;
  readonly #longest: number;
  readonly #cast = new Cast();
  readonly #basics = new Basics((basic) => this.#attemptBasic(basic));
  readonly #stopped = Promise.withResolvers<undefined>();
  #isStopped = false;

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
    const wasThere = first.verdict === "pass" || answersIn(first.exchange) > 0;
    if (!wasThere) this.#target.leave("doesn't answer a registration");
    const others = chosen.filter((check) =>
      check !== firstCheck && check !== lastCheck
    );
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

  /**
   * Makes a check; undefined where all of it is stopped meanwhile.
   *
   * @param always whether also where the server seems to be gone
   */
  async #make(check: Check, always = false): Promise<Outcome | undefined> {
    if (this.#isStopped) return undefined;
    const probe = new Probe(this.#target, this.#cast, this.#basics);
    const start = performance.now();
    const { gone } = this.#target;
    const ending = gone === undefined || always
      ? await Promise.race([
        attempt(check, probe, check === firstCheck || check === lastCheck),
        this.#stopped.promise,
      ])
      : { verdict: "skipped", untried: true, reason: gone } as const;
    const ms = performance.now() - start;
    probe.close();
    if (ending === undefined) return undefined;
    const { name, subject, clause, about } = check;
    const info = { name, subject, clause, about, level: levelOf(check) };
    const { exchange } = probe;
    this.#target.answered(exchange, ms);
    return { ...info, ...ending, exchange, ms };
  }

  async #attemptBasic(basic: Basic): Promise<boolean> {
    const probe = new Probe(this.#target, this.#cast);
    try {
      const [from, to] = await probe.pair();
      if (basic === "list") await probe.listed(from.id);
      if (basic === "key") await probe.keyOf(from.id, to.id);
      if (basic === "send" || basic === "pull") {
        const content = randomBytes(CONTENT_SIZE);
        await probe.sends({ from: from.id, to: to.id, content });
      }
      if (basic === "pull") await probe.receive(to.id, 1);
      if (basic === "again") {
        const channel = await probe.connect();
        for (let count = 0; count < 2; count++) {
          await channel.send(keyRequest(from.id, to.id));
          expectCode(await channel.answer(), 2102);
        }
      }
      if (basic === "onward") {
        const channel = await probe.connect();
        await channel.send(frame({ code: UNKNOWN_CODE, clientId: from.id }));
        expectCode(await channel.answer(), 9000);
        await channel.send(keyRequest(from.id, to.id));
        expectCode(await channel.answer(), 2102);
      }
      await probe.giveBack();
      return true;
    } catch (error) {
      if (error instanceof Unprepared || error instanceof CheckFailure) {
        return false;
      }
      throw error;
    } finally {
      probe.close();
    }
  }
}

const seconds = (ms: number) => `${Math.round(ms / 1000)} seconds`;
