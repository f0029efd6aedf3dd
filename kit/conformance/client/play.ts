/**
 * Plays the script with a client and judges what it does.
 *
 * @module
 */

import { reasonOf } from "../../../shared/cli/reason.ts";
import { type CheckInfo, levelOf, type Outcome } from "../report/outcome.ts";
import { exchangeOf } from "./arrival.ts";
import { type Cast, NoKeyError } from "./cast.ts";
import { ofKind } from "./findings.ts";
import type { Bell, Player } from "./player.ts";
import type { PlayingServer } from "./playing_server.ts";
import { judgeRequests, requestChecks } from "./request_checks.ts";
import { endCheck, type Script } from "./script.ts";
import type { Check, Finding, Scene, Step } from "./step.ts";
import { register } from "./steps/registration.ts";

/** Milliseconds without anything new after which a step is over. */
const QUIET = 120;
/** Milliseconds between two looks at what nothing announces. */
const LOOK_AGAIN = 50;

/** What a client is checked with. */
export interface PlayOptions {
  /** The steps, and which checks are made. */
  readonly script: Script;
  /** Who plays the user. */
  readonly player: Player;
  /** The server that is played. */
  readonly server: PlayingServer;
  /** Who is there. */
  readonly cast: Cast;
  /** Rings whenever something has changed. */
  readonly bell: Bell;
  /** Milliseconds that a step gets; Infinity where a person plays. */
  readonly timeout: number;
  /** Ends the play; what is known by then is told. */
  readonly signal: AbortSignal;
}

/** Plays the steps, and yields what each check came to. */
export async function* playScript(
  options: PlayOptions,
): AsyncGenerator<Outcome, void, void> {
  const { script, player, server } = options;
  const play = new Play(options);
  for (const [index, step] of script.steps.entries()) {
    yield* play.step(step, index + 1);
  }
  for (const check of requestChecks) {
    if (!script.chosen.has(check.name)) continue;
    yield outcomeOf(check, judgeRequests(check, server.arrivals), 0);
  }
  if (!script.chosen.has(endCheck.name)) return;
  const start = performance.now();
  const finding = play.obstacle ?? await player.end();
  yield outcomeOf(endCheck, finding, performance.now() - start);
}

/** A play under way. */
class Play {
  readonly #options: PlayOptions;

  constructor(options: PlayOptions) {
    this.#options = options;
  }

  /** Why nothing more can be played; undefined while it can. */
  get obstacle(): { skips: string } | undefined {
    const { signal, player } = this.#options;
    const reason = signal.aborted ? "it was broken off before" : player.stopped;
    return reason === undefined ? undefined : { skips: reason };
  }

  async *step(step: Step, number: number): AsyncGenerator<Outcome, void, void> {
    const start = performance.now();
    const checks = step.checks.filter(({ name }) =>
      this.#options.script.chosen.has(name)
    );
    const { finding, scene, isComplete } = await this.#played(step, number);
    const isOver = finding !== undefined ||
      isComplete && !this.#options.player.gaveUp && !step.upsets?.(scene);
    let ms = performance.now() - start;
    for (const check of checks) {
      const found = finding ?? await this.#judged(check, scene, isComplete);
      yield outcomeOf({ subject: step.subject, ...check }, found, ms);
      // The step's time is counted once.
      ms = 0;
    }
    if (!isOver) await this.#recover();
  }

  /** Plays a step, unless something is in its way. */
  async #played(
    step: Step,
    number: number,
  ): Promise<{ finding: Finding; scene: Scene; isComplete: boolean }> {
    const { script, player, server, cast } = this.#options;
    const from = server.arrivals.length;
    const scene = () => this.#scene(from);
    const refused = (skips: string) => ({
      finding: { skips },
      scene: scene(),
      isComplete: false,
    });
    if (this.obstacle !== undefined) return refused(this.obstacle.skips);
    const isFirst = number <= script.steps.indexOf(register) + 1;
    if (cast.me === undefined && !isFirst) {
      return refused("nobody is registered: see registers");
    }
    try {
      server.begin(await step.prepare?.(cast) ?? undefined);
    } catch (error) {
      if (!(error instanceof NoKeyError)) throw error;
      return refused(reasonOf(error));
    }
    await player.play(step, number, script.steps.length);
    const isComplete = await this.#wait(step, scene);
    server.begin(undefined);
    cast.waiting.length = 0;
    return { finding: undefined, scene: scene(), isComplete };
  }

  #scene(from: number): Scene {
    const { cast, server, player } = this.#options;
    return {
      cast,
      arrived: server.arrivals.slice(from),
      all: server.arrivals,
      output: player.output,
      folder: player.folder,
    };
  }

  /** @returns whether all arrived that has to */
  async #wait(step: Step, scene: () => Scene): Promise<boolean> {
    const { timeout, player } = this.#options;
    const end = performance.now() + timeout;
    await this.#until(() => step.isComplete(scene()), end, Infinity);
    const isComplete = step.isComplete(scene());
    if (isComplete && player.output !== undefined) {
      await this.#until(
        async () => await step.isSeen?.(scene()) ?? true,
        end,
        LOOK_AGAIN,
      );
    }
    await this.#quiet(end);
    return isComplete;
  }

  /** Waits until something holds, the user gives up, or the time is over. */
  async #until(
    holds: () => Promise<boolean> | boolean,
    end: number,
    lookAgain: number,
  ): Promise<void> {
    const { player, server, signal, bell } = this.#options;
    while (!(await holds())) {
      const left = end - performance.now();
      if (left <= 0 || player.gaveUp || server.overrun || signal.aborted) {
        return;
      }
      // A timer takes no more than 31 bits.
      await bell.heard(Math.min(left, lookAgain, 2 ** 31 - 1));
    }
  }

  async #judged(
    check: Check,
    scene: Scene,
    isComplete: boolean,
  ): Promise<Finding> {
    const { player, server, signal } = this.#options;
    if (check.drivenOnly && scene.output === undefined) {
      return { skips: "seen only where the client is driven" };
    }
    const finding = await check.judge(scene);
    if (finding === undefined || !("fails" in finding) || isComplete) {
      return finding;
    }
    if (signal.aborted) return { skips: "it was broken off before" };
    const isSkipped = player.gaveUp && player.folder === undefined;
    // Where nothing came at all, something is wrong, whoever goes on.
    if (isSkipped && server.arrivals.length > 0) {
      return { skips: "the step was skipped" };
    }
    const why = server.overrun
      ? ": it asked without end"
      : isSkipped
      ? ": the step was skipped"
      : player.gaveUp
      ? `: ${player.ending ?? "it had ended"}`
      : "";
    return { ...finding, fails: `${finding.fails}${why}` };
  }

  /** Sees to it that the next step doesn't suffer from what this one did. */
  async #recover(): Promise<void> {
    const { player, server, cast, timeout } = this.#options;
    server.hangUp();
    if (player.folder === undefined || this.obstacle !== undefined) return;
    const from = server.arrivals.length;
    await player.recover(cast.me !== undefined);
    if (cast.me === undefined) return;
    await this.#until(
      () => ofKind(server.arrivals.slice(from), "publicKey").length > 0,
      performance.now() + timeout,
      Infinity,
    );
    await this.#quiet(performance.now() + timeout);
  }

  /** Waits until nothing new comes. */
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
