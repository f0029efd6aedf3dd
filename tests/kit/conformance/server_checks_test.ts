/** The checks of a server: our relay passes them, and all of them are told of. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type ClauseId,
  clauses,
  unseenOfServers,
} from "../../../kit/clauses.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { startRelay } from "../../../server/mod.ts";
import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import type { Outcome } from "../../../kit/conformance/report/outcome.ts";
import { checkServer } from "../../../kit/conformance/server/check_server.ts";
import {
  allChecks,
  selectChecks,
} from "../../../kit/conformance/server/checks.ts";
import { postgresTest } from "../../support/stores/postgres.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

/** Milliseconds that a response may take while all other tests run. */
const TIMEOUT = 10_000;

/** Checks that all of them passed, and shows what didn't. */
function allPass(outcomes: readonly Outcome[]): void {
  const rest = outcomes.filter(({ verdict }) => verdict !== "pass");
  assertEquals(
    rest.map(({ name, expected, reason }) => ({ name, expected, reason })),
    [],
  );
  assertEquals(outcomes.length, allChecks.length);
}

testWith(
  LOOPBACK_AND_FILES,
  "our relay passes all checks, with half of the registrations that its limit allows",
  async () => {
    await using relay = await testRelay({
      limits: { registrationsPerMinute: 60 },
    });
    const { address } = relay;
    const outcomes = await Array.fromAsync(
      checkServer({ address, timeout: TIMEOUT }),
    );
    allPass(outcomes);
    assertEquals(relay.reports, []);
    // A check that sends nothing shows nothing.
    for (const { name, exchange } of outcomes) {
      const isOfAllIds = /^register-ids-/.test(name);
      assert(exchange.length > 0 || isOfAllIds, `${name} says what it did`);
    }
  },
);

postgresTest("our relay on PostgreSQL passes all checks", async ({ url }) => {
  const store = await openPostgresStore(url);
  const relay = startRelay({
    listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    store,
    limits: { registrationsPerMinute: 0 },
  });
  try {
    const address = { hostname: "127.0.0.1", port: relay.address.port };
    allPass(await Array.fromAsync(checkServer({ address, timeout: TIMEOUT })));
  } finally {
    await relay.close();
    await store.close();
  }
});

Deno.test("each clause of a server has a check or a reason", () => {
  const checked = new Set<ClauseId>(allChecks.map(({ clause }) => clause));
  for (const [id, { party }] of Object.entries(clauses)) {
    const clause = id as ClauseId;
    if (party === "client") assert(!checked.has(clause), `${id} is a client's`);
    else assertEquals(checked.has(clause), !(clause in unseenOfServers), id);
  }
});

Deno.test("checks have names of their own, in kebab case, and a sentence", () => {
  assert(allChecks.length > 0, "there are checks");
  const names = allChecks.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const { name, about } of allChecks) {
    assert(/^[a-z]+(-[a-z0-9]+)+$/.test(name), name);
    assert(/^[A-Z0-9].*[^.]$/.test(about), about);
  }
});

Deno.test("checks are chosen by name, clause or subject", () => {
  const chosen = (...patterns: string[]) =>
    selectChecks(patterns).map(({ name }) => name);
  assertEquals(chosen("pull-once"), ["pull-once"]);
  assertEquals(chosen("snd-14"), ["send-ids-rise"]);
  assertEquals(
    chosen("Keys"),
    selectChecks().filter(({ subject }) => subject === "keys").map(({ name }) =>
      name
    ),
  );
  assertEquals(chosen("*-ids-rise"), ["send-ids-rise"]);
  assertEquals(
    chosen("pull-once", "pull-o*").filter((name) => name === "pull-once")
      .length,
    1,
  );
  const error = assertThrows(
    () => selectChecks(["pull-once", "no-such"]),
    UsageError,
  );
  assertEquals(
    error.message,
    "--only no-such: no check has such a name, clause or subject; --list shows all",
  );
});
