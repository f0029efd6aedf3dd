import {
  ERROR_CODE,
  type ResponseCode,
  responseCode,
} from "../../../shared/wire/requests.ts";
import type { Outcome } from "./outcome.ts";

/** Which registrations of a case can succeed. */
export class Names {
  /** Names that were taken before the case. */
  readonly before: ReadonlySet<string>;
  readonly #doubtful: ReadonlySet<string>;
  /** By name, how many connections of the case want it. */
  readonly #wanted = new Map<string, number>();
  #triedHere = new Set<string>();

  /**
   * @param before names that were taken for certain when the case began
   * @param doubtful names that may be taken
   */
  constructor(
    before: ReadonlySet<string>,
    doubtful: ReadonlySet<string>,
    outcomes: readonly Pick<Outcome, "framing">[],
  ) {
    this.before = before;
    this.#doubtful = new Set(doubtful);
    for (const { framing } of outcomes) {
      const names = framing.steps.flatMap(({ asked }) =>
        asked?.kind === "register" ? [asked.name] : []
      );
      for (const name of new Set(names)) {
        this.#wanted.set(name, (this.#wanted.get(name) ?? 0) + 1);
      }
    }
  }

  /**
   * The answers that the next registration on the connection may get.
   *
   * @param isKnown whether the name was asked for with the same key before
   */
  codesFor(name: string, isKnown: boolean): readonly ResponseCode[] {
    const again = this.#triedHere.has(name);
    this.#triedHere.add(name);
    // NAM-5: it may be the owner's.
    if (isKnown) return [responseCode.register, ERROR_CODE];
    if (this.before.has(name) || again) return [ERROR_CODE];
    const contested = (this.#wanted.get(name) ?? 0) > 1;
    return contested || this.#doubtful.has(name)
      ? [responseCode.register, ERROR_CODE]
      : [responseCode.register];
  }

  /** Goes on to the next connection of the case. */
  nextConnection(): void {
    this.#triedHere = new Set();
  }

  /** Whether the case, or an earlier one in doubt, can have registered the name. */
  possible(name: string): boolean {
    return this.#doubtful.has(name) || this.#wanted.has(name);
  }
}
