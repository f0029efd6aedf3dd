import { readClientId } from "./client_id_text.ts";
import { IdentityError } from "./identity_error.ts";
import type { KeyRange } from "./identity_parts.ts";
import { RAW_KEY_BEGINNING } from "./key_beginning.ts";
import { isBlank, type TextLine, textLines } from "./text_lines.ts";

/** Where exactly a key is. */
export interface KeyPlace {
  /** Its beginning in the text. */
  from: number;
  /** Its end, or that of the blank lines behind it. */
  to: number;
  /** The numbers of its first and its last line. */
  lines: [first: number, last: number];
}

/**
 * Finds the key between blank lines.
 *
 * @throws {IdentityError} where there is none, or more than one
 */
export function placeOfKey(text: string, range: KeyRange): KeyPlace {
  const { from, line, to } = range;
  const lines = textLines(text.slice(from, to))
    .filter((each) => !isBlank(each.text))
    .map((each) => ({ ...each, number: each.number + line - 1 }));
  const [first] = lines;
  const last = lines.at(-1);
  if (first === undefined || last === undefined) {
    throw new IdentityError(
      "there is no private key",
      "Some programs keep it in a file of its own: put it below the id in a copy",
    ).within(`line ${line}`);
  }
  const begin = from + first.start;
  // Raw bytes have no lines.
  const isRaw = RAW_KEY_BEGINNING.test(text.slice(begin, to));
  if (!isRaw) refuseSecond(lines);
  const { number } = isRaw ? first : last;
  return { from: begin, to, lines: [first.number, number] };
}

/** @throws {IdentityError} where another identity was written behind the key */
function refuseSecond([first, ...lines]: readonly TextLine[]): void {
  // Lines of a key in hex digits may look like ids.
  if (first === undefined || /^[\s0-9a-f]+$/i.test(first.text)) return;
  const second = lines.find(({ text }) =>
    /^[\s\0{]*[0-9a-f-]{32,36}[\s\0}]*$/i.test(text) &&
    readClientId(text) !== undefined
  );
  if (second === undefined) return;
  throw new IdentityError(
    "another identity begins behind the first one's key",
    "Copy the lines of the one that you want into a file of their own",
  ).within(`line ${second.number - 1}`);
}
