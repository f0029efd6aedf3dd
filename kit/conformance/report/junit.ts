/**
 * The report as JUnit's XML. JUnit has no warnings, so a failed SHOULD or MAY
 * counts as skipped.
 *
 * @module
 */

import { anyClause } from "../../any_clause.ts";
import { exchangeLines } from "./exchange_lines.ts";
import { escapeMarkup } from "./html/markup.ts";
import type { Outcome } from "./outcome.ts";

// Characters that XML 1.0 can't represent.
// deno-lint-ignore no-control-regex -- they are what is dropped
const NOT_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;

/**
 * Formats the whole document.
 *
 * @param ms duration of the run in milliseconds
 * @param stopped why the run ended early, if it did
 */
export function junit(
  target: string,
  outcomes: readonly Outcome[],
  ms: number,
  stopped?: string,
): string {
  const bySubject = Map.groupBy(outcomes, ({ subject }) => subject);
  const suites = [...bySubject].map(([subject, group]) =>
    suite(subject, group)
  );
  const more = stopped === undefined
    ? ""
    : `\n  <!-- ${escape(stopped).replaceAll("--", "- -")} -->`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${
    attributes({ name: `Conformance of ${target}`, ...counts(outcomes, ms) })
  }>${more}
${suites.join("")}</testsuites>`;
}

function suite(subject: string, outcomes: readonly Outcome[]): string {
  const ms = outcomes.reduce((sum, outcome) => sum + outcome.ms, 0);
  const cases = outcomes.map((outcome) => testCase(outcome)).join("");
  return `  <testsuite ${
    attributes({ name: subject, ...counts(outcomes, ms) })
  }>\n${cases}  </testsuite>\n`;
}

function testCase(outcome: Outcome): string {
  const { subject, name, ms } = outcome;
  const head = `    <testcase ${
    attributes({ classname: subject, name, time: seconds(ms) })
  }`;
  if (outcome.verdict === "pass") return `${head}/>\n`;
  return `${head}>\n      ${verdictOf(outcome)}\n    </testcase>\n`;
}

function verdictOf(outcome: Outcome): string {
  const { clause, level, about, expected, reason = "", exchange } = outcome;
  if (outcome.verdict === "skipped") {
    return `<skipped ${attributes({ message: reason })}/>`;
  }
  if (!fails(outcome)) {
    return `<skipped ${
      attributes({ message: `${clause} ${level} failed: ${reason}` })
    }/>`;
  }
  const text = [
    `${clause} ${level}: ${anyClause[clause].title}`,
    `Check: ${about}`,
    `Expected: ${expected ?? "what the clause says"}`,
    `Got: ${reason}`,
    ...exchangeLines(exchange, { colour: false, columns: 200 }),
  ].join("\n");
  const message = `${clause}: ${reason}`;
  return `<failure ${attributes({ message, type: level })}>${
    escape(text)
  }</failure>`;
}

const fails = ({ verdict, level }: Outcome) =>
  verdict === "fail" && level === "MUST";

function counts(outcomes: readonly Outcome[], ms: number) {
  const failures = outcomes.filter(fails).length;
  const passed = outcomes.filter(({ verdict }) => verdict === "pass").length;
  return {
    tests: `${outcomes.length}`,
    failures: `${failures}`,
    skipped: `${outcomes.length - failures - passed}`,
    time: seconds(ms),
  };
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);

const attributes = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => `${name}="${escape(value)}"`)
    .join(" ");

const escape = (text: string) => escapeMarkup(text.replaceAll(NOT_XML, ""));
