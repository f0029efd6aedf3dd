import { assert, assertEquals } from "@std/assert";
import { secureChecks } from "../../../kit/conformance/secure/checks.ts";
import { secureClauses } from "../../../kit/secure_clauses.ts";
import type { SecureFault } from "../../../lab/wrong_relay/secure/secure_fault.ts";
import { secureFaults } from "../../../lab/wrong_relay/secure/secure_faults.ts";
import { failedSecureChecks } from "../../../lab/wrong_relay/secure/wrong_secure_relay.ts";
import {
  extent,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";

/** Of the checks that a fault doesn't declare, one in so many is run against it. */
const SAMPLED = { quick: 50, all: 25, slow: 1 }[extent];
/** Relays at once: checks mostly wait. */
const AT_ONCE = 4;

const all: [string, SecureFault][] = Object.entries(secureFaults);

testWith(
  LOOPBACK_AND_FILES,
  `each fault of a secure port fails the checks that it declares, and none of ${
    SAMPLED === 1 ? "all" : "a sample of"
  } the others`,
  async () => {
    const wrong: string[] = [];
    const left = [...all.entries()];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next; (next = left.shift()) !== undefined;) {
        const [index, [name, fault]] = next;
        const only = secureChecks.map(({ name }) => name).filter((name, at) =>
          fault.fails.includes(name) || (at + index) % SAMPLED === 0
        );
        const failed = Object.keys(await failedSecureChecks(fault, only));
        if (failed.toSorted().join() === fault.fails.toSorted().join()) {
          continue;
        }
        wrong.push(`${name}: expected ${fault.fails}, got ${failed}`);
      }
    }));
    assertEquals(wrong, []);
  },
);

Deno.test("each fault of a secure port fails a check of a clause that it breaks", () => {
  const clauseOf = new Map(
    secureChecks.map(({ name, clause }) => [name, clause]),
  );
  for (const [name, { about, clauses, fails }] of all) {
    assert(/^[A-Z0-9].*[^.]$/.test(about), about);
    for (const clause of clauses) {
      assertEquals(secureClauses[clause].party === "client", false, clause);
    }
    const broken = fails.map((check) => clauseOf.get(check));
    assert(clauses.some((clause) => broken.includes(clause)), name);
  }
});
