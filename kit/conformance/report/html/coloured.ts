import { colourOf } from "../../../paint.ts";
import { type Markup, markup } from "./markup.ts";

// deno-lint-ignore no-control-regex -- matches colours
const ESCAPE = /\x1b\[(\d+)m/;

/** Makes markup from a line for a terminal: a class for each colour. */
export function coloured(line: string): Markup[] {
  const [first = "", ...pieces] = line.split(ESCAPE);
  const spans = [markup`${first}`];
  for (let at = 0; at < pieces.length; at += 2) {
    const [code = "", text = ""] = pieces.slice(at, at + 2);
    if (text === "") continue;
    const name = colourOf(Number(code));
    spans.push(
      name === undefined
        ? markup`${text}`
        : markup`<span class="${name}">${text}</span>`,
    );
  }
  return spans;
}
