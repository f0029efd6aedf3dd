/**
 * Figures with units, as short as they tell enough.
 *
 * @module
 */

const SIZE_UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** Bytes in a unit that fits: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let number = bytes;
  while (number >= 1024 && unit < SIZE_UNITS.length - 1) {
    number /= 1024;
    unit++;
  }
  return `${short(number)} ${SIZE_UNITS[unit]}`;
}

/** Milliseconds in a unit that fits: `1.2 µs`, `0.7 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return `${short(milliseconds * 1000)} µs`;
  if (milliseconds < 1000) return `${short(milliseconds)} ms`;
  return `${short(milliseconds / 1000)} s`;
}

/** A whole number: `20,064`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A number of things: `1 user`, `2 users`. */
export function formatThings(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** One digit behind the point of a small number, none of a large one. */
function short(number: number): string {
  return number.toLocaleString("en-US", {
    maximumFractionDigits: number < 10 ? 1 : 0,
  });
}
