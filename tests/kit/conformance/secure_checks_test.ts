/** The checks of the secure protocol: our relay passes them, and all of them are told of. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { allChecks } from "../../../kit/conformance/server/checks.ts";
import { checkSecureServer } from "../../../kit/conformance/secure/check_secure.ts";
import { secureChecks } from "../../../kit/conformance/secure/checks.ts";
import {
  secureClauses,
  unseenOfSecureServers,
} from "../../../kit/secure_clauses.ts";
import { Program } from "../../../lab/harness/program.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import { formatRelayLine } from "../../../shared/secure/relay_line.ts";
import {
  LOOPBACK_AND_FILES,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";

/** Milliseconds that a response may take while all other tests run. */
const TIMEOUT = 10_000;

testWith(
  LOOPBACK_AND_FILES,
  "our relay passes all checks of the secure protocol",
  async () => {
    const reports: unknown[] = [];
    await using secure = await startSecureRelay({
      limits: { registrationsPerMinute: 0 },
      report: (error) => reports.push(error),
    });
    const { line, relay } = secure;
    const legacy = { hostname: "127.0.0.1", port: relay.address.port };
    const outcomes = await Array.fromAsync(
      checkSecureServer({ line, legacy, timeout: TIMEOUT }),
    );
    const rest = outcomes.filter(({ verdict }) => verdict !== "pass");
    assertEquals(
      rest.map(({ name, expected, reason }) => ({ name, expected, reason })),
      [],
    );
    assertEquals(outcomes.length, secureChecks.length);
    assertEquals(reports, []);
    for (const { name, exchange } of outcomes) {
      assert(exchange.length > 0, `${name} says what it did`);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "without the legacy port the checks between both worlds are skipped",
  async () => {
    await using secure = await startSecureRelay();
    const { line } = secure;
    const only = ["legacy-*"];
    const outcomes = await Array.fromAsync(
      checkSecureServer({ line, only, timeout: TIMEOUT }),
    );
    assert(outcomes.length > 3, "there are such checks");
    for (const { name, verdict, reason } of outcomes) {
      assertEquals(verdict, "skipped", name);
      assertMatch(reason ?? "", /--legacy HOST:PORT/);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server with another key fails the first check, and no other is tried",
  async () => {
    await using secure = await startSecureRelay();
    const { publicKey: key } = await generateSigningKey();
    const line = { ...secure.line, key };
    const outcomes = await Array.fromAsync(
      checkSecureServer({ line, timeout: TIMEOUT }),
    );
    const failed = outcomes.filter(({ verdict }) => verdict === "fail");
    assertEquals(failed.map(({ name }) => name), ["secure-hello"]);
    assertMatch(failed[0]?.reason ?? "", /^no handshake with the line's key: /);
    const untried = outcomes.filter(({ untried }) => untried);
    assertEquals(untried.length, secureChecks.length - failed.length);
  },
);

Deno.test("each clause of a secure server has a check or a reason", () => {
  const checked = new Set<string>(secureChecks.map(({ clause }) => clause));
  for (const [id, { party }] of Object.entries(secureClauses)) {
    if (party === "client") assert(!checked.has(id), `${id} is a client's`);
    else assertEquals(checked.has(id), !(id in unseenOfSecureServers), id);
  }
});

Deno.test("secure checks have names of their own, in kebab case, and a sentence", () => {
  assert(secureChecks.length >= 60, "there are checks");
  const names = [...allChecks, ...secureChecks].map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const { name, about } of secureChecks) {
    assert(/^[a-z]+(-[a-z0-9]+)+$/.test(name), name);
    assert(/^[A-Z0-9].*[^.]$/.test(about), about);
  }
});

testWith(
  PROGRAMS,
  "conformance: a line chooses the checks of the secure protocol",
  async () => {
    await using secure = await startSecureRelay();
    const run = (...args: string[]) =>
      Program.deno([
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "kit/conformance/main.ts",
        ...args,
      ]).end();
    const text = formatRelayLine(secure.line);
    const { code, stdout, stderr } = await run(text, "--only", "look-up-*");
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertMatch(stdout, /^ {2}✓ look-up-by-name +LUP-1 +MUST$/m);
    assertMatch(
      stdout,
      /^ {2}- look-up-legacy +LUP-1 .*it needs the server's/m,
    );
    const wrong = await run(text.slice(0, -1));
    assertEquals(wrong.code, 2);
    assertMatch(wrong.stderr, /copy the whole line/);
  },
);
