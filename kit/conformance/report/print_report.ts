/**
 * Prints the outcomes of checks as a table, JSON or JUnit.
 *
 * @module
 */

import {
  defaultDialect,
  type DialectName,
} from "../../../shared/wire/dialects.ts";
import { PROTOCOL_VERSION } from "../../../shared/wire/protocol.ts";
import { jsonEnd, jsonOutcome, jsonStart } from "./json.ts";
import { junit } from "./junit.ts";
import { exitCode, type Outcome, tally } from "./outcome.ts";
import type { ReportFile } from "./report_file.ts";
import { Table } from "./table.ts";

/** How a report is printed. */
export interface ReportOptions {
  /** The format. */
  form: "table" | "json" | "junit";
  /** The checked program, such as `127.0.0.1:1357`. */
  target: string;
  /** The name of the server's dialect, if known. */
  dialect?: DialectName;
  /** The version of requests to it, if known. */
  version?: number;
  /** Number of checks that there are. */
  all: number;
  /** A file that gets the report as a page, too. */
  file?: ReportFile | undefined;
  /** Length of the longest check's name. */
  nameWidth: number;
  /** Whether a table may have colours. */
  colour: boolean;
  /** Whether a table also has the frames of passed checks. */
  verbose: boolean;
  /** Whether a table has no frames. */
  brief?: boolean;
  /** Prints lines, given without the last newline. */
  print: (text: string) => void;
  /** Why the run ended early, if it did. */
  stopped: () => string | undefined;
}

/**
 * Prints outcomes as they come, and their tally; writes the page, if any.
 *
 * @returns the exit code: the number of failed MUSTs, at most 125
 * @throws {Error} if the page can't be written
 */
export async function printReport(
  outcomes: AsyncIterable<Outcome>,
  options: ReportOptions,
): Promise<number> {
  const { form, target, dialect, version, print, stopped } = options;
  const start = performance.now();
  const table = new Table(options);
  const all: Outcome[] = [];
  if (form === "json") {
    print(jsonStart({ target, generation: dialect, version }));
  }
  if (form === "table") {
    print(`Conformance of ${target}`);
    for (const remark of remarks(options)) print(remark);
  }
  for await (const outcome of outcomes) {
    if (form === "json") print(jsonOutcome(outcome, all.length === 0));
    // The reason for these is printed once, below.
    if (form === "table" && !outcome.untried) print(table.row(outcome));
    all.push(outcome);
  }
  const ms = performance.now() - start;
  const counts = tally(all);
  const why = stopped();
  if (form === "json") print(jsonEnd(counts, ms, why));
  if (form === "junit") print(junit(target, all, ms, why));
  if (form === "table") {
    const end = `${table.details(all)}${table.summary(counts, ms)}${
      table.failedNames(all)
    }`;
    print(why === undefined ? end : `${end}\n${why}`);
  }
  await options.file?.write({
    ...{ target, all: options.all, outcomes: all, ms, stopped: why },
    remarks: [...remarks(options)],
    end: new Date(),
  });
  return exitCode(counts);
}

/** Remarks on the codes and headers in the report. */
function* remarks({ dialect, version }: ReportOptions): Generator<string> {
  const { name } = defaultDialect;
  if (dialect !== undefined && dialect !== name) {
    yield `It speaks dialect ${dialect}; codes are told as those of ${name}.`;
  }
  if (version !== undefined && version !== PROTOCOL_VERSION) {
    yield `It refuses version ${PROTOCOL_VERSION}: requests carry ${version}.`;
  }
}
