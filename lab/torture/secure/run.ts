/**
 * `deno task torture --secure`: what it prints.
 *
 * @module
 */

import { Violation } from "../violation.ts";
import {
  type SecureReport,
  type SecureTortureOptions,
  tortureSecurely,
} from "./secure_rounds.ts";
import { SecureTally } from "./secure_tally.ts";

/** The figures of a tally, as they are printed. */
const WORDS: Readonly<Record<keyof SecureTally, string>> = {
  registrations: "registered",
  sends: "sent",
  repeats: "sent before",
  handedOut: "handed out",
  claims: "claimed",
  published: "published",
  breaks: "broken",
  clientKills: "clients killed",
  clientSends: "sent by them",
};
const figures = Object.keys(WORDS) as (keyof SecureTally)[];

function line(head: string, report: SecureReport): string {
  return [
    head.padEnd(10),
    `${Math.round(report.lasted)} ms`.padStart(8),
    ...figures.map((of) => `${report[of]}`.padStart(7) + ` ${WORDS[of]}`),
  ].join("");
}

/**
 * Tortures relays and prints a line a round.
 *
 * @returns the exit code: 1 where a promise was broken, and then the folder stays
 */
export async function runSecurely(
  options: SecureTortureOptions,
): Promise<number> {
  const { rounds, seed, dir } = options;
  const sum = new SecureTally();
  let round = 0;
  try {
    for await (const report of tortureSecurely(options)) {
      for (const of of figures) sum[of] += report[of];
      round++;
      const head = round > rounds ? "at the end" : `round ${round}`;
      console.log(line(head, report));
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    console.error(`error: ${error.message}`);
    console.error(
      `In round ${
        round + 1
      } with --seed ${seed}; the relay's files are in ${dir}`,
    );
    return 1;
  }
  await Deno.remove(dir, { recursive: true });
  console.log(
    `${rounds} kills of relays, ${sum.clientKills} of clients: of ${
      sum.sends + sum.clientSends
    } acknowledged messages none was lost, none came after its acknowledgement; of ${sum.claims} claimed packages none was handed out twice`,
  );
  return 0;
}
