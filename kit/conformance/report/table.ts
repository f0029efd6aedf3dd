/**
 * The report as a table: a line a check, and details of the failed ones.
 *
 * @module
 */

import { anyClause } from "../../any_clause.ts";
import { printableLine } from "../../../shared/cli/printable.ts";
import { exchangeLines } from "./exchange_lines.ts";
import {
  type CheckInfo,
  exitCode,
  levelOf,
  type Outcome,
  type Tally,
} from "./outcome.ts";
import { type Paint, painter } from "../../paint.ts";
import { clip, COLUMNS, wrap } from "./text.ts";

const CLAUSE_WIDTH = 6;
const LEVEL_WIDTH = 6;
const INDENT = "    ";
const TEXT_COLUMNS = COLUMNS - INDENT.length;

/** How a table is drawn. */
export interface TableOptions {
  /** Whether the terminal shows colours. */
  colour: boolean;
  /** Whether passed checks are shown with their frames. */
  verbose: boolean;
  /** Whether no frames are shown. */
  brief?: boolean;
  /** Length of the longest name. */
  nameWidth: number;
}

/** Draws a report, check by check. */
export class Table {
  readonly #options: TableOptions;
  readonly #paint;
  #subject = "";

  constructor(options: TableOptions) {
    this.#options = options;
    this.#paint = painter(options.colour);
  }

  /** A check's line, below a heading if its subject is new. */
  row(outcome: Outcome): string {
    const { name, clause, level, subject, verdict } = outcome;
    const heading = subject === this.#subject
      ? ""
      : `\n${this.#paint("strong", titleOf(subject))}\n`;
    this.#subject = subject;
    const { nameWidth, verbose } = this.#options;
    const plain = `${name.padEnd(nameWidth)}  ${clause.padEnd(CLAUSE_WIDTH)}  ${
      level.padEnd(LEVEL_WIDTH)
    }`;
    const room = COLUMNS - plain.length - INDENT.length - 2;
    const reason = clip(printableLine(outcome.reason ?? ""), room);
    const text = verdict === "skipped" ? this.#paint("faint", plain) : plain;
    const line = `  ${this.#mark(outcome)} ${text}${
      reason === "" ? "" : `  ${this.#paint("faint", reason)}`
    }`;
    const more = verbose && verdict === "pass"
      ? `\n${this.#exchange(outcome)}\n`
      : "";
    return heading + line.trimEnd() + more;
  }

  /** Failures in full, and reasons of skipped checks. */
  details(outcomes: readonly Outcome[]): string {
    const failures = outcomes.filter(({ verdict }) => verdict === "fail");
    return [
      ...failures.map((outcome) => this.#failure(outcome)),
      ...this.#skips(outcomes),
    ].map((block) => `\n${block}\n`).join("");
  }

  /** The last lines. */
  summary(counts: Tally, ms: number): string {
    const capped = exitCode(counts) < counts.failed.MUST
      ? `\nThe exit code is ${exitCode(counts)}, the largest that can be.`
      : "";
    const noun = counts.checks === 1 ? "check" : "checks";
    return `\n${counts.checks} ${noun} in ${(ms / 1000).toFixed(1)} s: ${
      countsText(counts, this.#paint)
    }${capped}`;
  }

  /** The names of failed checks by level, since the details fill screens. */
  failedNames(outcomes: readonly Outcome[]): string {
    const failures = outcomes.filter(({ verdict }) => verdict === "fail");
    const byLevel = Map.groupBy(failures, ({ level }) => level);
    return (["MUST", "SHOULD", "MAY"] as const).map((level) => {
      const names = byLevel.get(level)?.map(({ name }) => name) ?? [];
      if (names.length === 0) return "";
      const label = `${level}:`.padEnd(8);
      const lines = wrap(names.join(", "), COLUMNS - label.length);
      return lines.map((line, index) =>
        `\n${index === 0 ? label : " ".repeat(label.length)}${line}`
      ).join("");
    }).join("");
  }

  #mark({ verdict, level }: Outcome): string {
    if (verdict === "pass") return this.#paint("good", "✓");
    if (verdict === "skipped") return this.#paint("faint", "-");
    return level === "MUST"
      ? this.#paint("bad", "✗")
      : this.#paint("warning", "!");
  }

  #failure(outcome: Outcome): string {
    const { name, clause, level, about, expected, reason } = outcome;
    const lines = [
      `${this.#mark(outcome)} ${
        this.#paint("strong", name)
      }  ${clause} ${level}`,
      ...this.#field("Clause", anyClause[clause].title),
      ...this.#field("Check", about),
      ...this.#field("Expected", expected ?? "what the clause says"),
      ...this.#field("Got", printableLine(reason ?? "")),
    ];
    const exchange = this.#exchange(outcome);
    return [...lines, ...exchange === "" ? [] : [exchange]].join("\n");
  }

  #field(name: string, text: string): string[] {
    const label = `${name}:`.padEnd(10);
    return wrap(text, TEXT_COLUMNS - label.length).map((line, index) =>
      `${INDENT}${
        index === 0 ? this.#paint("faint", label) : " ".repeat(label.length)
      }${line}`
    );
  }

  #exchange({ exchange }: Outcome): string {
    const { colour, brief } = this.#options;
    if (brief) return "";
    const lines = exchangeLines(exchange, { colour, columns: TEXT_COLUMNS });
    return lines.map((line) => `${INDENT}${line}`.trimEnd()).join("\n");
  }

  /** Each reason to skip, with its number of checks. */
  #skips(outcomes: readonly Outcome[]): string[] {
    const reasons = new Map<string, number>();
    for (const { verdict, reason = "" } of outcomes) {
      if (verdict !== "skipped") continue;
      const text = printableLine(reason);
      reasons.set(text, (reasons.get(text) ?? 0) + 1);
    }
    return [...reasons].map(([reason, count]) =>
      wrap(`${count} skipped: ${reason}`, COLUMNS).join("\n")
    );
  }
}

/** Formats a subject as a heading. */
export const titleOf = (subject: string): string =>
  subject.charAt(0).toUpperCase() + subject.slice(1);

/** Formats the number of checks by result. */
export function countsText(
  { passed, failed: { MUST, SHOULD, MAY }, skipped }: Tally,
  paint: Paint = painter(false),
): string {
  return [
    paint("good", `${passed} passed`),
    ...MUST > 0 ? [paint("bad", `${MUST} MUST failed`)] : [],
    ...SHOULD > 0 ? [paint("warning", `${SHOULD} SHOULD failed`)] : [],
    ...MAY > 0 ? [paint("warning", `${MAY} MAY failed`)] : [],
    ...skipped > 0 ? [`${skipped} skipped`] : [],
  ].join(", ");
}

/** Checks in aligned columns under their subjects, a line and a sentence each. */
export function checksTable(checks: readonly CheckInfo[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const bySubject = Map.groupBy(checks, ({ subject }) => subject);
  return [...bySubject].map(([subject, group]) =>
    [
      titleOf(subject),
      ...group.flatMap((check) => [
        `  ${check.name.padEnd(width)}  ${check.clause.padEnd(6)}  ${
          levelOf(check)
        }`,
        ...wrap(check.about, COLUMNS - 4).map((line) => `    ${line}`),
      ]),
    ].join("\n")
  ).join("\n\n");
}
