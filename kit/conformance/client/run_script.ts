/**
 * Runs the script against a client and judges its requests and output.
 *
 * @module
 */

import { reasonOf } from "../../../shared/cli/reason.ts";
import { type CheckInfo, levelOf, type Outcome } from "../report/outcome.ts";
import { exchangeOf } from "./arrival.ts";
import { NoKeyError, type Scenario } from "./scenario.ts";
import { ofKind } from "./findings.ts";
import type { Bell, ClientUser } from "./client_user.ts";
import type { MockServer } from "./mock_server.ts";
import { judgeRequests, requestChecks } from "./request_checks.ts";
import { endCheck, type Script } from "./script.ts";
import type { Check, Finding, Observed, Step } from "./step.ts";
import { register } from "./steps/registration.ts";

/** Milliseconds of silence that end a step. */
const QUIET = 120;
/** Polling interval in milliseconds. */
const LOOK_AGAIN = 50;

/** Options of {@linkcode runScript}. */
export interface RunOptions {
  /** The steps and the chosen checks. */
  readonly script: Script;
  /** The client's user. */
  readonly user: ClientUser;
  /** The server for the client. */
  readonly server: MockServer;
  /** The users and messages of the server. */
  readonly scenario: Scenario;
  /** Rings on each change. */
  readonly bell: Bell;
  /** Time-out of a step in milliseconds; Infinity for a person. */
  readonly timeout: number;
  /** Stops the run. */
  readonly signal: AbortSignal;
}

/** Runs the steps; yields the outcome of each check. */
export async function* runScript(
  options: RunOptions,
): AsyncGenerator<Outcome, void, void> {
  const { script, user, server } = options;
  const play = new ScriptRun(options);
  for (const [index, step] of script.steps.entries()) {
    yield* play.step(step, index + 1);
  }
  for (const check of requestChecks) {
    if (!script.chosen.has(check.name)) continue;
    yield outcomeOf(check, judgeRequests(check, server.arrivals), 0);
  }
  if (!script.chosen.has(endCheck.name)) return;
  const start = performance.now();
  const finding = play.obstacle ?? await user.end();
  yield outcomeOf(endCheck, finding, performance.now() - start);
}

/** A run of a script. */
class ScriptRun {
  readonly #options: RunOptions;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Why no further step can run; undefined if one can. */
  get obstacle(): { skips: string } | undefined {
    const { signal, user } = this.#options;
    const reason = signal.aborted ? "it was broken off before" : user.stopped;
    return reason === undefined ? undefined : { skips: reason };
  }

  async *step(step: Step, number: number): AsyncGenerator<Outcome, void, void> {
    const start = performance.now();
    const checks = step.checks.filter(({ name }) =>
      this.#options.script.chosen.has(name)
    );
    const { finding, observed, isComplete } = await this.#played(step, number);
    const isOver = finding !== undefined ||
      isComplete && !this.#options.user.gaveUp && !step.upsets?.(observed);
    let ms = performance.now() - start;
    for (const check of checks) {
      const found = finding ?? await this.#judged(check, observed, isComplete);
      yield outcomeOf({ subject: step.subject, ...check }, found, ms);
      // Only the first check of a step has its time.
      ms = 0;
    }
    if (!isOver) await this.#recover();
  }

  /** Runs a step, unless it can't run. */
  async #played(
    step: Step,
    number: number,
  ): Promise<{ finding: Finding; observed: Observed; isComplete: boolean }> {
    const { script, user, server, scenario } = this.#options;
    const from = server.arrivals.length;
    const observed = () => this.#observed(from);
    const refused = (skips: string) => ({
      finding: { skips },
      observed: observed(),
      isComplete: false,
    });
    if (this.obstacle !== undefined) return refused(this.obstacle.skips);
    const isFirst = number <= script.steps.indexOf(register) + 1;
    if (scenario.me === undefined && !isFirst) {
      return refused("no user is registered: see registers");
    }
    try {
      server.begin(await step.prepare?.(scenario) ?? undefined);
    } catch (error) {
      if (!(error instanceof NoKeyError)) throw error;
      return refused(reasonOf(error));
    }
    await user.perform(step, number, script.steps.length);
    const isComplete = await this.#wait(step, observed);
    server.begin(undefined);
    scenario.waiting.length = 0;
    return { finding: undefined, observed: observed(), isComplete };
  }

  #observed(from: number): Observed {
    const { scenario, server, user } = this.#options;
    return {
      scenario,
      arrived: server.arrivals.slice(from),
      all: server.arrivals,
      output: user.output,
      folder: user.folder,
    };
  }

  /** @returns whether all expected requests arrived */
  async #wait(step: Step, observed: () => Observed): Promise<boolean> {
    const { timeout, user } = this.#options;
    const end = performance.now() + timeout;
    await this.#until(() => step.isComplete(observed()), end, Infinity);
    const isComplete = step.isComplete(observed());
    if (isComplete && user.output !== undefined) {
      await this.#until(
        async () => await step.isSeen?.(observed()) ?? true,
        end,
        LOOK_AGAIN,
      );
    }
    await this.#quiet(end);
    return isComplete;
  }

  /** Waits until a condition holds, the user gives up, or the time is up. */
  async #until(
    holds: () => Promise<boolean> | boolean,
    end: number,
    lookAgain: number,
  ): Promise<void> {
    const { user, server, signal, bell } = this.#options;
    while (!(await holds())) {
      const left = end - performance.now();
      if (left <= 0 || user.gaveUp || server.overrun || signal.aborted) {
        return;
      }
      // A timer takes no more than 31 bits.
      await bell.heard(Math.min(left, lookAgain, 2 ** 31 - 1));
    }
  }

  async #judged(
    check: Check,
    observed: Observed,
    isComplete: boolean,
  ): Promise<Finding> {
    const { user, server, signal } = this.#options;
    if (check.drivenOnly && observed.output === undefined) {
      return { skips: "seen only where the client is driven" };
    }
    const finding = await check.judge(observed);
    if (finding === undefined || !("fails" in finding) || isComplete) {
      return finding;
    }
    if (signal.aborted) return { skips: "it was broken off before" };
    const isSkipped = user.gaveUp && user.folder === undefined;
    // Without any request something is wrong, even if the user skips steps.
    if (isSkipped && server.arrivals.length > 0) {
      return { skips: "the step was skipped" };
    }
    const why = server.overrun
      ? ": it asked without end"
      : isSkipped
      ? ": the step was skipped"
      : user.gaveUp
      ? `: ${user.ending ?? "it had ended"}`
      : "";
    return { ...finding, fails: `${finding.fails}${why}` };
  }

  /** Restores a state in which the next step can run. */
  async #recover(): Promise<void> {
    const { user, server, scenario, timeout } = this.#options;
    server.hangUp();
    if (user.folder === undefined || this.obstacle !== undefined) return;
    const from = server.arrivals.length;
    await user.recover(scenario.me !== undefined);
    if (scenario.me === undefined) return;
    await this.#until(
      () => ofKind(server.arrivals.slice(from), "publicKey").length > 0,
      performance.now() + timeout,
      Infinity,
    );
    await this.#quiet(performance.now() + timeout);
  }

  /** Waits for silence. */
  async #quiet(end: number): Promise<void> {
    const { server, bell } = this.#options;
    while (!server.overrun && (await bell.heard(QUIET) || server.busy)) {
      if (performance.now() > end) break;
    }
  }
}

function outcomeOf(
  info: CheckInfo & { readonly expected?: string },
  finding: Finding,
  ms: number,
): Outcome {
  const { name, subject, clause, about, expected } = info;
  const base = { name, subject, clause, about, level: levelOf(info), ms };
  if (finding === undefined) return { ...base, verdict: "pass", exchange: [] };
  if ("skips" in finding) {
    return { ...base, verdict: "skipped", reason: finding.skips, exchange: [] };
  }
  return {
    ...base,
    verdict: "fail",
    reason: finding.fails,
    ...expected === undefined ? {} : { expected },
    exchange: exchangeOf(finding.at ?? []),
  };
}
