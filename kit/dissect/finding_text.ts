import { encodeHex } from "@std/encoding";
import { formatThings } from "../../shared/cli/figures.ts";
import { printableJson } from "../../shared/cli/printable.ts";
import { annotatedHex } from "./annotated_hex.ts";
import type { Problem } from "./dissector.ts";
import type { Finding } from "./conversation.ts";
import { sizeText } from "./meaning.ts";

/** Connection and time of a finding. */
export interface Place {
  /** The connection's number, from 1, if there is one. */
  readonly connection?: number | undefined;
  /** The time, if known. */
  readonly time?: Date | undefined;
}

/** Formats a finding for a terminal: a title, and its fields below. */
export function findingText(
  finding: Finding,
  { connection, time }: Place,
  colour = false,
): string {
  const arrow = finding.direction === "request" ? "→" : "←";
  const start = [
    ...connection === undefined ? [] : [`#${connection}`],
    ...time === undefined ? [] : [clockOf(time)],
    arrow,
  ].join(" ");
  const marks = finding.kind === "frame" ? clauseMark(finding.problems) : "";
  const title = `${start} ${whatOf(finding)}${marks && ` ${marks}`}`;
  const head = colour ? `\x1b[1m${title}\x1b[0m` : title;
  if (finding.kind !== "frame") {
    const table = annotatedHex({ parts: [], problems: finding.problems }, {
      colour,
    });
    return table === "" ? head : `${head}\n${table}`;
  }
  const { dissection, problems } = finding;
  const table = annotatedHex(dissection, { colour });
  // Problems of the pair of request and response follow all fields.
  const more = problems.slice(dissection.problems.length);
  const below = annotatedHex({ parts: [], problems: more }, { colour });
  return [head, table, below].filter((text) => text !== "").join("\n");
}

/** Formats the local time of day, to the millisecond. */
export function clockOf(time: Date): string {
  const digits = (value: number, count: number) =>
    String(value).padStart(count, "0");
  return `${digits(time.getHours(), 2)}:${digits(time.getMinutes(), 2)}:${
    digits(time.getSeconds(), 2)
  }.${digits(time.getMilliseconds(), 3)}`;
}

/** Formats a finding as JSON on one line. */
export function findingJson(
  finding: Finding,
  { connection, time }: Place,
): string {
  const { kind, direction, offset, problems } = finding;
  const place = { connection, time, direction, offset };
  if (kind !== "frame") {
    const { bytes, ...rest } = { bytes: undefined, ...finding };
    return printableJson({
      type: kind,
      ...place,
      ...rest,
      kind: undefined,
      ...bytes === undefined ? {} : { bytes: encodeHex(bytes) },
    });
  }
  const { dissection, size, unseen, requester } = finding;
  return printableJson({
    type: kind,
    ...place,
    size,
    ...unseen === 0 ? {} : { unseen },
    requester,
    code: dissection.code,
    what: dissection.what,
    problems,
    fields: dissection.parts.map((
      { path, offset, bytes, meaning, problems },
    ) => ({
      path,
      offset,
      bytes: encodeHex(bytes),
      meaning,
      problems,
    })),
  });
}

/** Formats a finding without its fields and problems. */
export function whatOf(finding: Finding): string {
  switch (finding.kind) {
    case "frame":
      return `${finding.dissection.what} (${sizeText(finding.size)}${
        finding.unseen === 0 ? "" : `, ${finding.unseen} of them not kept`
      })`;
    case "padding":
      return `padding, ${sizeText(finding.size)}`;
    case "lost":
      return `not MessageU from here: ${
        encodeHex(finding.bytes.subarray(0, 16))
      }`;
    case "foreign":
      return `${sizeText(finding.size)} that aren't MessageU`;
    case "end": {
      const { isReset, unanswered } = finding;
      const rest = unanswered === 0
        ? ""
        : `, ${formatThings(unanswered, "request")} unanswered`;
      return (isReset ? "reset" : "end") + rest;
    }
  }
}

/** Formats the clauses that are broken, each once: `! SND-8, AES-1`. */
export function clauseMark(problems: readonly Problem[]): string {
  const clauses = [...new Set(problems.map(({ clause }) => clause))];
  return clauses.length === 0 ? "" : `! ${clauses.join(", ")}`;
}
