import { assert, assertEquals, assertMatch } from "@std/assert";
import { clauses } from "../../../shared/clauses.ts";
import { checkServer } from "../../../tools/conformance/server/check_server.ts";
import { allChecks } from "../../../tools/conformance/server/checks.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import type { Fault } from "../../support/wrong_relay/fault.ts";
import { faults } from "../../support/wrong_relay/faults.ts";
import { failedChecks } from "../../support/wrong_relay/matrix.ts";
import { startWrongRelay } from "../../support/wrong_relay/wrong_relay.ts";

const all: [string, Fault][] = Object.entries(faults);

/** Checks of MUSTs that no fault fails, and why. */
const shownOtherwise: Record<string, string> = {
  "register-ids-differ":
    "two clients with one id take each other's messages in any other check",
  "kept-without-sender":
    "a relay that forgets a message once its sender is gone doesn't keep it apart from a cut off one",
  "others-reset":
    "a relay that dies of resets answers none of the checks behind it",
  "still-serves":
    "a relay that is gone answers none of the checks before it: the tests of survival let one die",
  "many-clients-in-turn":
    "a relay that runs out of connections answers none of the checks behind it",
};

testWith(
  LOOPBACK_AND_FILES,
  "a relay without faults fails no check",
  async () => {
    assertEquals(await failedChecks([]), {});
  },
);

/** Lets each request take so many milliseconds. */
function far(ms: number) {
  return { begun: () => new Promise<void>((go) => setTimeout(go, ms)) };
}

testWith(
  LOOPBACK_AND_FILES,
  "that silent connections end is no fault of how many there are",
  async () => {
    // The first has been silent for longer than that when the last is open.
    const seams = { frames: () => ({ ...far(12), idleTimeout: 1000 }) };
    assertEquals(await failedChecks([], { only: ["many-clients"] }, seams), {});
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that is far away isn't told to serve too few",
  async () => {
    await using relay = await startWrongRelay([], { frames: () => far(40) });
    const { address } = relay;
    const only = ["many-clients"];
    const [outcome] = await Array.fromAsync(
      checkServer({ address, only, timeout: 1000 }),
    );
    assertEquals(outcome?.verdict, "skipped", outcome?.reason);
    assertMatch(
      outcome?.reason ?? "",
      /^only \d\d? connections could be opened in 2000 ms.*--timeout/,
    );
  },
);

Deno.test("each fault breaks a clause, and names checks that there are", () => {
  assert(all.length >= 25, `${all.length} faults`);
  const names = new Set(allChecks.map(({ name }) => name));
  for (const [name, { fails, clauses: broken }] of all) {
    assert(fails.length > 0, name);
    for (const check of fails) assert(names.has(check), `${name}: ${check}`);
    const found = allChecks.filter((check) => fails.includes(check.name));
    assert(
      found.some(({ clause }) => broken.includes(clause)),
      `${name} fails no check of ${broken.join(", ")}`,
    );
  }
});

Deno.test("each check of a MUST fails for a fault, or has a reason not to", () => {
  const failing = new Set(all.flatMap(([, { fails }]) => fails));
  const never = allChecks.filter(({ name, clause }) =>
    clauses[clause].level === "MUST" && !failing.has(name)
  );
  assertEquals(
    never.map(({ name }) => name).sort(),
    Object.keys(shownOtherwise).sort(),
  );
});
