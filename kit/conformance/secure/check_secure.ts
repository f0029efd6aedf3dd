/**
 * Makes the checks of the secure protocol, one at a time.
 *
 * @module
 */

import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import {
  type Address,
  formatAddress,
} from "../../../shared/folder/info_files.ts";
import { levelOf, type Outcome } from "../report/outcome.ts";
import { attempt, type Ending } from "../server/attempt.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { CheckFailure } from "../server/check.ts";
import { notThere } from "../server/find_dialect.ts";
import { NoConnection } from "../server/target.ts";
import { DEFAULT_TIMEOUT } from "../server/check_server.ts";
import {
  firstSecureCheck,
  lastSecureCheck,
  selectSecureChecks,
} from "./checks.ts";
import type { SecureCheck } from "./secure_check.ts";
import { type AccountPool, SecureProbe } from "./secure_probe.ts";
import { SecureTarget } from "./secure_target.ts";

/** Options of {@linkcode checkSecureServer}. */
export interface SecureServerChecks {
  /** The server's line. */
  line: RelayLine;
  /** Its legacy port, which checks between both worlds need. */
  legacy?: Address | undefined;
  /** Names, clauses or subjects, with `*` for anything. Default: all checks. */
  only?: readonly string[] | undefined;
  /** Time-out of a response in milliseconds. Default: 2000. */
  timeout?: number | undefined;
  /** Stops the run. */
  signal?: AbortSignal | undefined;
}

/**
 * Checks a server's secure port. The first check (a hello) and the last one
 * (whether the server still works) are made unasked, and reported if they are
 * chosen or fail. If the first one fails, no other is tried.
 *
 * @throws {UsageError} if a pattern in `only` matches no check
 */
export async function* checkSecureServer(
  { line, legacy, only, timeout = DEFAULT_TIMEOUT, signal }: SecureServerChecks,
): AsyncGenerator<Outcome> {
  const chosen = selectSecureChecks(only);
  const run = new SecureRun(new SecureTarget(line, legacy, timeout), signal);
  const others = chosen.filter((check) =>
    check !== firstSecureCheck && check !== lastSecureCheck
  );
  try {
    for (const check of [firstSecureCheck, ...others, lastSecureCheck]) {
      const outcome = await run.make(check);
      if (outcome === undefined) return;
      if (chosen.includes(check) || outcome.verdict === "fail") yield outcome;
    }
  } finally {
    run.close();
  }
}

/**
 * Finds out whether anything listens, so that a run says what it is about.
 *
 * @throws {UsageError} if nothing does
 */
export async function findSecurePort(line: RelayLine): Promise<void> {
  try {
    const target = new SecureTarget(line, undefined, DEFAULT_TIMEOUT);
    (await target.open()).close();
  } catch (error) {
    if (!(error instanceof NoConnection)) throw error;
    throw new UsageError(notThere(line, error));
  }
}

/** A run of checks. */
class SecureRun {
  readonly #target: SecureTarget;
  readonly #pool: AccountPool = [];
  readonly #stopped = Promise.withResolvers<undefined>();
  #isStopped = false;
  #gone: string | undefined;
  #wasServed = false;

  constructor(target: SecureTarget, signal: AbortSignal | undefined) {
    this.#target = target;
    const stop = () => {
      this.#isStopped = true;
      this.#stopped.resolve(undefined);
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  }

  /** Closes the connections that checks have left to others. */
  close(): void {
    for (const { channel } of this.#pool) channel.close();
  }

  /** Makes a check; undefined if the run is stopped meanwhile. */
  async make(check: SecureCheck): Promise<Outcome | undefined> {
    if (this.#isStopped) return undefined;
    const { name, subject, about } = check;
    const start = performance.now();
    const told = { name, subject, about, clause: check.clause };
    const wasServed = this.#wasServed && check === lastSecureCheck;
    if (this.#gone !== undefined && !wasServed) {
      const level = levelOf(check);
      return {
        ...{ ...told, level, ms: 0, reason: this.#gone, exchange: [] },
        ...{ verdict: "skipped", untried: true },
      };
    }
    const probe = new SecureProbe(this.#target, this.#pool);
    try {
      const ending = await Promise.race([
        this.#attempt(check, probe),
        this.#stopped.promise,
      ]);
      if (ending === undefined) return undefined;
      const { shows: _shown, isUnserved: _unserved, ...result } = ending;
      const clause = ending.clause ?? check.clause;
      const ms = performance.now() - start;
      const { exchange } = probe;
      return {
        ...told,
        ...result,
        clause,
        level: levelOf({ clause }),
        ms,
        exchange,
      };
    } finally {
      probe.close();
    }
  }

  async #attempt(check: SecureCheck, probe: SecureProbe): Promise<Ending> {
    const isAlways = check === firstSecureCheck || check === lastSecureCheck;
    const ending = await attempt(check, probe, isAlways);
    this.#wasServed ||= ending.verdict === "pass";
    if (ending.isUnserved && !(await this.#serves())) {
      this.#gone ??= `${formatAddress(this.#target.line)} ${
        check === firstSecureCheck
          ? `doesn't serve this protocol: see ${check.name}`
          : `serves nothing any more, since ${check.name}`
      }`;
    }
    return ending;
  }

  /** Whether a new connection still gets a hello. */
  async #serves(): Promise<boolean> {
    const probe = new SecureProbe(this.#target, this.#pool);
    try {
      await probe.greeted();
      return true;
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      return false;
    } finally {
      probe.close();
    }
  }
}
