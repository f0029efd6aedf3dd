import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Store } from "../../../server/mod.ts";
import { clauses } from "../../../kit/clauses.ts";
import { checkServer } from "../../../kit/conformance/server/check_server.ts";
import { allChecks } from "../../../kit/conformance/server/checks.ts";
import {
  extent,
  longTest,
  LOOPBACK_AND_FILES,
  slowTest,
  testWith,
} from "../../support/test_with.ts";
import {
  CLIENT_ID_SIZE,
  LISTED_CLIENT_SIZE,
  MessageType,
  RESPONSE_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import type { Asked } from "../../../lab/wrong_relay/altered_line.ts";
import { refused } from "../../../lab/wrong_relay/hooks.ts";
import { StoreAround } from "../../../lab/wrong_relay/store_around.ts";
import type { Fault } from "../../../lab/wrong_relay/fault.ts";
import { type FaultName, faults } from "../../../lab/wrong_relay/faults.ts";
import {
  failedChecks,
  runMatrix,
  sampledChecks,
} from "../../../lab/wrong_relay/matrix.ts";
import { startWrongRelay } from "../../../lab/wrong_relay/wrong_relay.ts";

/** Of the checks that a fault doesn't declare, one in so many is run against it. */
const SAMPLED = { quick: 24, all: 24, slow: 1 }[extent];

const all: [string, Fault][] = Object.entries(faults);

/** Checks of MUSTs that no fault fails, and why. */
const shownOtherwise: Record<string, string> = {
  "register-ids-differ":
    "two clients with one id take each other's messages in any other check",
  "kept-without-sender":
    "a relay that forgets a message once its sender is gone doesn't keep it apart from a cut off one",
  "others-reset":
    "a relay that dies of resets answers none of the checks behind it",
  "pull-by-another":
    "a relay that hands messages to others fails nearly every check of an inbox",
  "response-header-of-2100":
    "a response whose header is laid out otherwise can't be read by any check",
  "many-clients-in-turn":
    "a relay that runs out of connections answers none of the checks behind it",
};

testWith(
  LOOPBACK_AND_FILES,
  `each fault fails the checks that it declares, and none of ${
    SAMPLED === 1 ? "all" : "a sample of"
  } the others`,
  async () => {
    const names = Object.keys(faults) as FaultName[];
    const wrong: string[] = [];
    await runMatrix(
      names,
      (name) => sampledChecks(name, SAMPLED),
      ({ name, failed }) => {
        const { fails, about } = faults[name];
        if (failed.toSorted().join() === fails.toSorted().join()) return;
        wrong.push(
          `${name} (${about}): expected ${fails.join()}, got ${failed.join()}`,
        );
      },
    );
    assertEquals(wrong, []);
  },
);

slowTest(
  LOOPBACK_AND_FILES,
  "a relay without faults fails no check",
  async () => {
    assertEquals(await failedChecks([]), {});
  },
);

/** Checks that tell of a 9000 with a payload where no other has told of it. */
const toldOnce = [
  "failure-of-empty-name",
  "failure-of-taken-name",
  "failure-of-unknown-code",
  "failure-of-unknown-target",
  "failure-of-wrong-size",
];

testWith(
  LOOPBACK_AND_FILES,
  "a 9000 with a payload is reported once, in any failure",
  async () => {
    for (const name of toldOnce) {
      const failed = await failedChecks(["failure-with-body"], {
        only: [name],
      });
      assertEquals(failed, { [name]: "9000 with 13 bytes" });
    }
  },
);

/** Lets each request take so many milliseconds. */
function far(ms: number) {
  return { begun: () => new Promise<void>((go) => setTimeout(go, ms)) };
}

longTest(
  LOOPBACK_AND_FILES,
  "a server that ends silent connections passes many-clients",
  async () => {
    // The first has been silent for longer than that when the last is open.
    const seams = { frames: () => ({ ...far(12), idleTimeout: 1000 }) };
    assertEquals(await failedChecks([], { only: ["many-clients"] }, seams), {});
  },
);

longTest(
  LOOPBACK_AND_FILES,
  "a distant server doesn't fail many-clients",
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

testWith(
  LOOPBACK_AND_FILES,
  "a server that is slow in one request gets a second try",
  async () => {
    const store = (inner: Store) =>
      new class extends StoreAround {
        override async clients(position: number, most: number) {
          await far(450).begun();
          return await super.clients(position, most);
        }
      }(inner);
    const only = ["list-has-newcomers"];
    assertEquals(await failedChecks([], { only, timeout: 300 }, { store }), {});
  },
);

longTest(
  LOOPBACK_AND_FILES,
  "a server busy with a large message gets more time",
  async () => {
    let isFree = Promise.resolve();
    const frames = () => ({
      begun: () => isFree,
      request: ({ payload }: Asked) => {
        if (payload.length > 1024 * 1024) isFree = far(2500).begun();
      },
    });
    const only = ["send-5-mib", "send-empty-text", "send-ids-differ"];
    assertEquals(
      await failedChecks([], { only, timeout: 500 }, { frames }),
      {},
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that serves one request at a time passes many-clients",
  async () => {
    let turn = Promise.resolve();
    const begun = () => turn = turn.then(far(12).begun);
    const only = ["many-clients"];
    assertEquals(
      await failedChecks([], { only, timeout: 1000 }, {
        frames: () => ({ begun }),
      }),
      {},
    );
  },
);

longTest(
  LOOPBACK_AND_FILES,
  "a server may refuse a text of 0 bytes",
  async () => {
    const isEmptyText = ({ kind, payload }: Asked) =>
      kind === "sendMessage" && payload[CLIENT_ID_SIZE] === MessageType.Text &&
      payload.length === SEND_OVERHEAD;
    const frames = () => ({
      request: (asked: Asked) =>
        isEmptyText(asked) ? refused(asked) : undefined,
    });
    assertEquals(await failedChecks([], { only: ["sending"] }, { frames }), {});
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a mistake in the byte order is reported as one, and breaks FRM-1",
  async () => {
    await using relay = await startWrongRelay(["answers-big-endian"]);
    const { address } = relay;
    const [first, ...rest] = await Array.fromAsync(checkServer({ address }));
    assertEquals([first?.verdict, first?.clause], ["fail", "FRM-1"]);
    assertMatch(first?.reason ?? "", /^a byte order mistake: .* 2100 with 16/);
    assertEquals(rest.filter(({ verdict }) => verdict !== "skipped"), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the evidence has the wrong entry, at any position",
  async () => {
    await using relay = await startWrongRelay(["list-swapped"]);
    const { address } = relay;
    const only = ["list-entries"];
    const [outcome] = await Array.fromAsync(checkServer({ address, only }));
    assertMatch(outcome?.reason ?? "", /^name and id are swapped: .*\(entry /);
    const last = outcome?.exchange.at(-1);
    assertMatch(last?.note ?? "", /^entry \d+ of \d+, by itself$/);
    assertEquals(last?.size, RESPONSE_HEADER_SIZE + LISTED_CLIENT_SIZE);
  },
);

Deno.test("each fault breaks a clause, and names existing checks", () => {
  assert(all.length > 0, "there are faults");
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
    [...Object.keys(shownOtherwise), ...toldOnce].sort(),
  );
});
