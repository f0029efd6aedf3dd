import { painter } from "../paint.ts";
import type { Finding } from "./conversation.ts";
import { clauseMark, clockOf, type Place, whatOf } from "./finding_text.ts";

/** Widths of the columns; the start of an id has 9 characters. */
const WIDTHS = { connection: 3, size: 9, requester: 9 } as const;

/**
 * Formats a finding on one line: connection, time, direction, size, requester,
 * what it is, and the broken clauses.
 *
 * @returns undefined for what only separates frames: padding and orderly ends
 */
export function briefLine(
  finding: Finding,
  { connection, time }: Place,
  colour = false,
): string | undefined {
  if (isSeparator(finding)) return undefined;
  const paint = painter(colour);
  const { kind, direction, problems } = finding;
  const [size, requester] = kind === "frame"
    ? [`${finding.size} B`, finding.requester ?? ""]
    : ["", ""];
  const what = kind === "frame" ? finding.dissection.what : whatOf(finding);
  const number = connection === undefined ? "" : `#${connection}`;
  const mark = clauseMark(problems);
  return [
    ...connection === undefined
      ? []
      : [paint("strong", number.padEnd(WIDTHS.connection))],
    ...time === undefined ? [] : [paint("faint", clockOf(time))],
    direction === "request" ? paint("field", "→") : paint("good", "←"),
    paint("faint", size.padStart(WIDTHS.size)),
    ` ${paint("strong", requester.padEnd(WIDTHS.requester))}`,
    ` ${kind === "lost" || kind === "foreign" ? paint("bad", what) : what}`,
    ...mark === "" ? [] : [paint("bad", mark)],
  ].join(" ");
}

function isSeparator(finding: Finding): boolean {
  return finding.kind === "padding" ||
    finding.kind === "end" && !finding.isReset && finding.unanswered === 0 &&
      finding.problems.length === 0;
}
