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

function two(number: number): string {
  return String(number).padStart(2, "0");
}
