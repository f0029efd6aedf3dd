/** Colours of a terminal, by their meaning. */
const CODES = {
  good: 32,
  bad: 31,
  warning: 33,
  faint: 2,
  strong: 1,
  field: 36,
} as const;

/** Colours a text. */
export type Paint = (colour: keyof typeof CODES, text: string) => string;

/** The colour of a terminal's code; undefined for other codes. */
export function colourOf(code: number): keyof typeof CODES | undefined {
  return (Object.keys(CODES) as (keyof typeof CODES)[])
    .find((name) => CODES[name] === code);
}

/** Colours texts for a terminal, or leaves them unchanged. */
export function painter(colour: boolean): Paint {
  return colour
    ? (name, text) => `\x1b[${CODES[name]}m${text}\x1b[0m`
    : (_name, text) => text;
}
