/**
 * The report as one page of HTML, which needs nothing else: no script, no
 * picture, no address.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { formatDuration } from "../../../../shared/cli/figures.ts";
import { VERSION } from "../../../../shared/cli/program.ts";
import { localTime } from "../../../../shared/cli/time.ts";
import { PROTOCOL_VERSION } from "../../../../shared/wire/protocol.ts";
import { anyClause, type AnyClauseId } from "../../../any_clause.ts";
import { exchangeLines } from "../exchange_lines.ts";
import { type Outcome, tally } from "../outcome.ts";
import { countsText, titleOf } from "../table.ts";
import { coloured } from "./coloured.ts";
import { Markup, markup } from "./markup.ts";
import { STYLE } from "./style.ts";

/** A finished run. */
export interface Run {
  /** The checked program, such as `127.0.0.1:1357`. */
  readonly target: string;
  /** Remarks on the server. */
  readonly remarks: readonly string[];
  /** Number of checks that there are. */
  readonly all: number;
  /** The outcomes in order. */
  readonly outcomes: readonly Outcome[];
  /** When it ended. */
  readonly end: Date;
  /** Its duration in milliseconds. */
  readonly ms: number;
  /** Why it ended early, if it did. */
  readonly stopped: string | undefined;
}

/** What the page's start says of its maker. */
export const GENERATOR = "MessageU conformance";

/** Longest line of a frame in characters. */
const COLUMNS = 140;

/**
 * Formats a run as a page.
 *
 * @param texts the clauses in full
 */
export function htmlPage(
  run: Run,
  texts: ReadonlyMap<AnyClauseId, string>,
): string {
  const failures = run.outcomes.filter(({ verdict }) => verdict === "fail");
  const title = `Conformance of ${run.target}`;
  const hash = createHash("sha256").update(STYLE).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'`;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="${GENERATOR} ${VERSION}">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1>${title}</h1>
${summary(run)}
${failures.length === 0 ? [] : failureSection(failures, texts)}
<h2>All checks</h2>
${tables(run.outcomes)}
</body>
</html>
`.text;
}

function summary(run: Run): Markup {
  const { outcomes, all, end, ms, stopped } = run;
  const counts = tally(outcomes);
  const { MUST, SHOULD, MAY } = counts.failed;
  const colour = MUST > 0 ? "bad" : SHOULD + MAY > 0 ? "warning" : "good";
  const checks = counts.checks === all
    ? `all ${all} checks`
    : `${counts.checks} of ${all} checks`;
  const remarks = [...run.remarks, ...stopped === undefined ? [] : [stopped]];
  return markup`<p class="verdict ${colour}">${countsText(counts)}</p>
${remarks.map((remark) => markup`<p>${remark}</p>\n`)}<dl>
<dt>Target</dt><dd><code>${run.target}</code></dd>
<dt>Date</dt><dd>${timeOf(end)}</dd>
<dt>Run</dt><dd>${checks}, in ${formatDuration(ms)}</dd>
<dt>Versions</dt><dd>MessageU ${VERSION}, protocol ${PROTOCOL_VERSION}</dd>
</dl>`;
}

/** Formats a time, local and in UTC. */
function timeOf(time: Date): Markup {
  const universal = time.toISOString();
  return markup`<time datetime="${universal}">${
    localTime(time.getTime())
  }</time> <span class="faint">(${universal})</span>`;
}

function failureSection(
  failures: readonly Outcome[],
  texts: ReadonlyMap<AnyClauseId, string>,
): Markup {
  return markup`<h2>Failures</h2>
<ul>
${failures.map(item)}</ul>
${failures.map((outcome) => failure(outcome, texts))}`;
}

function item(outcome: Outcome): Markup {
  const { name, clause, level } = outcome;
  return markup`<li><a href="#${name}">${name}</a> <span class="${
    colourOf(outcome)
  }">${clause} ${level}</span>: ${anyClause[clause].title}</li>
`;
}

function failure(
  outcome: Outcome,
  texts: ReadonlyMap<AnyClauseId, string>,
): Markup {
  const { name, clause, level, about, expected, reason = "" } = outcome;
  const colour = colourOf(outcome);
  return markup`<article id="${name}" class="${colour}">
<h3><span class="${colour}">${
    MARKS[resultOf(outcome)]
  }</span> ${name} <span class="faint">${clause} ${level}</span></h3>
<dl>
<dt>Clause</dt><dd><strong>${anyClause[clause].title}.</strong> ${
    withCode(texts.get(clause) ?? "")
  }</dd>
<dt>Check</dt><dd>${about}</dd>
<dt>Expected</dt><dd>${expected ?? "what the clause says"}</dd>
<dt>Got</dt><dd>${reason}</dd>
</dl>
${frames(outcome)}</article>
`;
}

function frames({ exchange }: Outcome): Markup[] {
  if (exchange.length === 0) return [];
  const lines = exchangeLines(exchange, { colour: true, columns: COLUMNS });
  return [
    markup`<pre>${lines.map((line) => markup`${coloured(line)}\n`)}</pre>\n`,
  ];
}

/** Formats a text of Markdown whose only markup is code. */
function withCode(text: string): Markup[] {
  return text.split("`").map((piece, index) =>
    index % 2 === 1 ? markup`<code>${piece}</code>` : markup`${piece}`
  );
}

function tables(outcomes: readonly Outcome[]): Markup[] {
  const bySubject = Map.groupBy(outcomes, ({ subject }) => subject);
  return [...bySubject].map(([subject, group]) =>
    markup`<div class="wide"><table>
<caption>${titleOf(subject)}</caption>
<thead>
<tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col">Clause</th><th scope="col">Level</th><th scope="col">What it looks for</th></tr>
</thead>
<tbody>
${group.map(row)}</tbody>
</table></div>
`
  );
}

function row(outcome: Outcome): Markup {
  const { name, clause, level, about, verdict, reason = "" } = outcome;
  const result = resultOf(outcome);
  const link = verdict === "fail"
    ? markup`<a href="#${name}">${name}</a>`
    : name;
  const why = verdict === "skipped"
    ? markup`<br><span class="faint">${reason}</span>`
    : [];
  return markup`<tr><th scope="row">${link}</th><td class="${
    colourOf(outcome)
  }">${MARKS[result]} ${
    LABELS[result]
  }</td><td>${clause}</td><td>${level}</td><td>${about}${why}</td></tr>
`;
}

/** A result as it is shown: a SHOULD that fails is a warning. */
type Result = "passed" | "failed" | "warned" | "skipped";

function resultOf({ verdict, level }: Outcome): Result {
  if (verdict === "pass") return "passed";
  if (verdict === "skipped") return "skipped";
  return level === "MUST" ? "failed" : "warned";
}

const MARKS = { passed: "✓", failed: "✗", warned: "!", skipped: "-" } as const;
const LABELS = {
  passed: "passed",
  failed: "failed",
  warned: "failed",
  skipped: "skipped",
} as const;
const COLOURS = {
  passed: "good",
  failed: "bad",
  warned: "warning",
  skipped: "faint",
} as const;

const colourOf = (outcome: Outcome) => COLOURS[resultOf(outcome)];
