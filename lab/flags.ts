/**
 * Makes a parser of decimal numbers from `min` to `max`.
 *
 * @throws {Error} from the parser, if a text is none
 */
export function decimalFrom(
  min: number,
  max = Infinity,
): (text: string) => number {
  return (text) => {
    const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
    throw new Error(`expected a number ${range}, got "${text}"`);
  };
}
