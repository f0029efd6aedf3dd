/** Colours of a terminal, by what they stand for. */
const CODES = { good: 32, bad: 31, warning: 33, faint: 2, strong: 1 } as const;

/** Writes text in a colour, or leaves it as it is. */
export type Paint = (colour: keyof typeof CODES, text: string) => string;

/** Paints for a terminal, or for what takes none. */
export function painter(colour: boolean): Paint {
  return colour
    ? (name, text) => `\x1b[${CODES[name]}m${text}\x1b[0m`
    : (_name, text) => text;
}
