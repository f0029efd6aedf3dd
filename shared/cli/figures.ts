/**
 * Formats quantities with units.
 *
 * @module
 */

const SIZE_UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** Units of time in seconds, longest first. */
const SPAN_UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]] as const;

/** Formats bytes in a suitable unit: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let number = bytes;
  while (number >= 1024 && unit < SIZE_UNITS.length - 1) {
    number /= 1024;
    unit++;
  }
  return `${short(number)} ${SIZE_UNITS[unit]}`;
}

/** Formats milliseconds in a suitable unit: `1.2 µs`, `0.7 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return `${short(milliseconds * 1000)} µs`;
  if (milliseconds < 1000) return `${short(milliseconds)} ms`;
  return `${short(milliseconds / 1000)} s`;
}

/** Formats milliseconds in a whole unit: `12 minutes`, `3 days`. */
export function formatSpan(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const [unit, size] = SPAN_UNITS.find(([, size]) => seconds >= size) ??
    ["second", 1];
  return formatThings(Math.floor(seconds / size), unit);
}

/** Formats a whole number: `20,064`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** Formats a count with its noun: `1 user`, `2 users`. */
export function formatThings(
  count: number,
  thing: string,
  things: string = `${thing}s`,
): string {
  return `${formatCount(count)} ${count === 1 ? thing : things}`;
}

/** Rounds to one decimal below 10, to none from 10 on. */
function short(number: number): string {
  return number.toLocaleString("en-US", {
    maximumFractionDigits: number < 10 ? 1 : 0,
  });
}
