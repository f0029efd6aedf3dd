/** Milliseconds of each unit that a span of time is given in. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A hundred years. */
const LONGEST = 100 * 365 * 86_400_000;

/** The milliseconds of a span such as `90m`, `12h`, `30d` or `4w`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const span = Number(digits) * (UNITS[unit] ?? 0);
  return span <= LONGEST ? span : undefined;
}
