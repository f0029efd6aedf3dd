import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  checkDriven,
  namesWith,
  shellCommand,
} from "../../support/checked_client.ts";
import { type Mistake, mistakes } from "../../support/mistakes.ts";
import { SHELL, testWith } from "../../support/test_with.ts";

const CLIENT = fileURLToPath(
  new URL("../../support/wrong_client.ts", import.meta.url),
);
/** Clients at a time: they mostly wait. */
const AT_ONCE = 16;

const wrongClient = (...made: Mistake[]) =>
  shellCommand([
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-read",
    "--allow-write",
    "--allow-env=MESSAGEU_SERVER",
    CLIENT,
    ...made,
  ]);

testWith(
  SHELL,
  "a client without mistakes passes everything",
  async () => {
    const outcomes = await checkDriven(wrongClient(), { badly: true });
    assertEquals(namesWith(outcomes, "fail"), []);
    // It needn't try version 1.
    assertEquals(namesWith(outcomes, "skipped"), ["tries-version-1"]);
  },
);

testWith(
  SHELL,
  "each mistake of a client fails exactly the checks that it should",
  async () => {
    const left = Object.entries(mistakes) as [
      Mistake,
      (typeof mistakes)[Mistake],
    ][];
    const found: Record<string, string[]> = {};
    const expected: Record<string, readonly string[]> = {};
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next; (next = left.shift()) !== undefined;) {
        const [mistake, { fails, badly = false }] = next;
        const outcomes = await checkDriven(wrongClient(mistake), { badly });
        expected[mistake] = fails;
        found[mistake] = namesWith(outcomes, "fail");
      }
    }));
    assertEquals(found, expected);
  },
);
