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

/** Colours texts for a terminal, or leaves them unchanged. */
export function painter(colour: boolean): Paint {
  return colour
    ? (name, text) => `\x1b[${CODES[name]}m${text}\x1b[0m`
    : (_name, text) => text;
}
