/** Findings of the relay's doctor. */

import { assertEquals, assertMatch } from "@std/assert";
import { STYLE } from "../../server/doctor/doctor.ts";
import { type Finding, formatFinding } from "../../shared/cli/finding.ts";

/** Asserts a finding's verdict, by its word, and that its line matches. */
export function assertFinding(
  finding: Finding,
  word: string,
  text: RegExp,
): void {
  const line = formatFinding("it", finding, STYLE);
  assertEquals(line.split(" ")[0], word, line);
  assertMatch(line, text);
  assertEquals(line.includes("\n"), false);
}
