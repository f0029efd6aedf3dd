import { UserError } from "../errors.ts";

/** Limit of matching in a search, in milliseconds. */
export const SEARCH_LIMIT = 10_000;

// `terminate` can't end a thread that is matching, but a script can have a time
// limit. As text, the program needs neither a file nor a permission, in a bundle
// or a compiled program too.
const PROGRAM = `
import { Script } from "node:vm";
const script = new Script(\`texts.map((text) => {
  const matches = [];
  for (const { 0: { length }, index } of text.matchAll(pattern)) {
    matches.push([index, index + length]);
    if (matches.length === most) break;
  }
  return matches;
})\`);
onmessage = ({ data }) => {
  globalThis.pattern = data.pattern;
  globalThis.most = data.most;
  let left = data.limit;
  onmessage = ({ data }) => {
    globalThis.texts = data;
    const begun = performance.now();
    try {
      const timeout = Math.max(1, Math.ceil(left));
      postMessage({ found: script.runInThisContext({ timeout }) });
    } catch (error) {
      const isLate = error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
      postMessage({ isLate, reason: error.message });
    }
    left -= performance.now() - begun;
  };
};
`;

/** Maximum number of matches in a text. */
const MOST_MATCHES = 100;

/** The first matches in a text: start and end of each, in UTF-16 units. */
export type Matches = readonly (readonly [start: number, end: number])[];

/** The thread's response. */
type Verdict =
  | { found: readonly Matches[] }
  | { found?: undefined; isLate: boolean; reason: string };

/**
 * Matches texts against a regular expression on a separate thread, since some
 * patterns take years for a short text.
 */
export class PatternMatcher implements Disposable {
  readonly #worker: Worker;
  readonly #limit: number;

  /**
   * Starts the thread.
   *
   * @param limit milliseconds of matching for all texts together
   */
  constructor(pattern: RegExp, limit: number) {
    const url = URL.createObjectURL(
      new Blob([PROGRAM], { type: "text/javascript" }),
    );
    this.#worker = new Worker(url, { type: "module" });
    this.#limit = limit;
    // Without "g" there would be one match, with "y" only one at the start.
    const flags = `${pattern.flags.replace(/[gy]/g, "")}g`;
    this.#worker.postMessage({
      pattern: new RegExp(pattern.source, flags),
      most: MOST_MATCHES,
      limit,
    });
  }

  /**
   * The matches in each of the texts. Calls must not overlap.
   *
   * @throws {UserError} where the time is up, or the pattern is too large
   */
  async find(
    texts: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Matches[]> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new UserError(`The search can't be made: ${event.message}`));
    };
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    this.#worker.postMessage(texts);
    let verdict: Verdict;
    try {
      verdict = await promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    if (verdict.found !== undefined) return verdict.found;
    if (!verdict.isLate) {
      throw new UserError(`The pattern can't be used: ${verdict.reason}`);
    }
    throw new UserError(
      `The search was ended: the pattern took longer than ${
        this.#limit / 1000
      } s`,
      "A repeat within a repeat, such as (a+)+, takes that long: write it with one repeat",
    );
  }

  /** Ends the thread, at the latest when its time is up. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
