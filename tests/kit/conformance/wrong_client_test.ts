import { assertEquals } from "@std/assert";
import {
  checkDriven,
  namesWith,
} from "../../support/clients/checked_client.ts";
import { type Mistake, mistakes } from "../../support/clients/mistakes.ts";
import { wrongClient } from "../../support/clients/wrong_client.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

/** Milliseconds that a step gets: what fails takes them all. */
const TIMEOUT = 4000;
/** Clients at a time: they mostly wait. */
const AT_ONCE = 12;

interface Found {
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

async function found(mistake: Mistake | undefined): Promise<Found> {
  const outcomes = await checkDriven(
    wrongClient(...mistake === undefined ? [] : [mistake]),
    { badly: isBadly(mistake), timeout: TIMEOUT },
  );
  return {
    failed: namesWith(outcomes, "fail"),
    skipped: namesWith(outcomes, "skipped"),
  };
}

/** One without mistakes has to get through all of it. */
const isBadly = (mistake: Mistake | undefined) =>
  mistake === undefined || (mistakes[mistake].badly ?? false);

testWith(
  LOOPBACK_AND_FILES,
  "each mistake of a client fails exactly its declared checks",
  async () => {
    const names = Object.keys(mistakes) as Mistake[];
    // Those that take longest go first.
    const left = [undefined, ...names].toSorted((a, b) =>
      Number(isBadly(b)) - Number(isBadly(a))
    );
    const all = new Map<Mistake | undefined, Found>();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (left.length > 0) {
        const mistake = left.shift();
        all.set(mistake, await found(mistake));
      }
    }));
    assertEquals(all.get(undefined), {
      failed: [],
      // It needn't, and doesn't.
      skipped: ["tries-version-1"],
    });
    assertEquals(
      names.map((name) => [name, all.get(name)?.failed]),
      names.map((name) => [name, mistakes[name].fails]),
    );
  },
);
