/**
 * Times and spans as users read and write them, and time limits. Times are
 * milliseconds since 1970, formatted and parsed in the local time zone; spans are
 * milliseconds.
 *
 * @module
 */

/** Formats a date as YYYY-MM-DD. */
export function day(time: number): string {
  const at = new Date(time);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Formats a time of day as HH:MM. */
export function clock(time: number): string {
  const at = new Date(time);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Formats a time as YYYY-MM-DD HH:MM:SS. */
export function localTime(time: number): string {
  return `${day(time)} ${clock(time)}:${two(new Date(time).getSeconds())}`;
}

/** A date with an optional time of day and zone. */
const MOMENT =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Parses a time such as `2026-01-31`, `2026-01-31T12:00` or
 * `2026-01-31T12:00Z`. Defaults to midnight in the local time zone.
 *
 * @returns undefined if the text is malformed or the date doesn't exist
 */
export function parseMoment(text: string): number | undefined {
  const [, date = "", time = "00:00", zone = ""] = MOMENT.exec(text) ?? [];
  // Date.parse() reads a date alone as UTC, and February 31 as a day of March.
  const isDay = date !== "" &&
    new Date(`${date}T00:00Z`).getUTCDate() === Number(date.slice(8));
  const moment = isDay ? Date.parse(`${date}T${time}${zone}`) : NaN;
  return Number.isNaN(moment) ? undefined : moment;
}

/** Units of a span, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const LONGEST = 100 * 365 * 86_400_000;

/** Parses a span such as `90m`, `12h`, `30d` or `4w`; undefined if it is malformed or over 100 years. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const span = Number(digits) * (UNITS[unit] ?? 0);
  return span <= LONGEST ? span : undefined;
}

/**
 * Resolves like `work`, or to `late` after a timeout. The work isn't cancelled.
 *
 * @param ms the timeout in milliseconds
 * @throws {Error} if the work fails before the timeout
 */
export async function inTime<T, L>(
  work: Promise<T>,
  ms: number,
  late: L,
): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
