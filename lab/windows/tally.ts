/** What the steps found, as it is printed. */

import type { Result } from "./step.ts";

/** Collects results. */
export class Tally {
  readonly #steps: number;
  readonly #reasons = new Map<string, number>();
  #sound = 0;
  #passed = 0;
  #failed = 0;
  #ignored = 0;

  /** @param steps how many are to run */
  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Whether all steps ran and none failed. */
  get isSound(): boolean {
    return this.#sound === this.#steps;
  }

  /** Adds a step's result; returns its lines. */
  add(
    name: string,
    seconds: number,
    { summary, tests, failure }: Result,
  ): string {
    if (failure === undefined) this.#sound++;
    this.#passed += tests?.passed ?? 0;
    this.#failed += tests?.failed ?? 0;
    this.#ignored += tests?.ignored ?? 0;
    for (const reason of tests?.reasons ?? []) {
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    }
    const verdict = failure === undefined ? "ok" : "FAILED";
    const line = [
      verdict.padEnd(8),
      name.padEnd(12),
      `${seconds} s`.padStart(6),
      `  ${summary}`,
    ].join("").trimEnd();
    return failure === undefined ? line : `${line}\n${failure}\n`;
  }

  /** All counts, and why tests were ignored. */
  summary(): string {
    const reasons = [...this.#reasons].sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${`${count}`.padStart(6)} ${reason}`);
    return [
      ...reasons.length > 0 ? ["", "ignored:", ...reasons] : [],
      "",
      `${this.#sound} of ${this.#steps} steps ok; tests: ` +
      `${this.#passed} passed, ${this.#failed} failed, ${this.#ignored} ignored`,
    ].join("\n");
  }
}
