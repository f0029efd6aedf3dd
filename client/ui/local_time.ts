/**
 * Moments for people, where they are; times are milliseconds since 1970.
 *
 * @module
 */

/** A day, as YYYY-MM-DD. */
export function day(time: number): string {
  const at = new Date(time);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** A time of day, hours and minutes. */
export function clock(time: number): string {
  const at = new Date(time);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The day and the time to the second. */
export function localTime(time: number): string {
  return `${day(time)} ${clock(time)}:${two(new Date(time).getSeconds())}`;
}

/** A date, and a time of day and a zone where they are given. */
const MOMENT =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * The moment that a text such as `2026-01-31`, `2026-01-31T12:00` or
 * `2026-01-31T12:00Z` names: without a zone in the user's own, without a time
 * midnight.
 *
 * @returns undefined where it is none, or there is no such day
 */
export function parseMoment(text: string): number | undefined {
  const [, date = "", time = "00:00", zone = ""] = MOMENT.exec(text) ?? [];
  // A date alone would be read as one of UTC, and the 31st of February as one of March.
  const isDay = date !== "" &&
    new Date(`${date}T00:00Z`).getUTCDate() === Number(date.slice(8));
  const moment = isDay ? Date.parse(`${date}T${time}${zone}`) : NaN;
  return Number.isNaN(moment) ? undefined : moment;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
