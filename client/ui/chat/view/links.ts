import type { Mark } from "./marked_text.ts";

const URLS = /\b(?:https?:\/\/|mailto:)[^\s\p{C}<>"`]+/giu;
/** Ends of sentences and brackets, which seldom belong to an address. */
const TAIL = /[.,;:!?'*_~\]}»”’…]$/u;
const SCHEMES: readonly string[] = ["http:", "https:", "mailto:"];
/** Maximum length of an address; terminals ignore longer ones. */
const MOST_LENGTH = 2000;

/**
 * Finds web and mail addresses in a line, for terminals that open them. All rows
 * of a wrapped address lead to the whole of it.
 *
 * @param id prefix of the links' ids, by which terminals know their parts
 */
export function linksIn(line: string, id: string): Mark[] {
  const marks: Mark[] = [];
  for (const { 0: found, index } of line.matchAll(URLS)) {
    const text = withoutTail(found);
    const href = hrefOf(text);
    if (href === undefined) continue;
    marks.push({
      start: index,
      end: index + text.length,
      tone: "link",
      link: { id: `${id}.${marks.length}`, href },
    });
  }
  return marks;
}

/** The address in printable ASCII, which no control sequence can leave. */
function hrefOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !SCHEMES.includes(url.protocol)) return undefined;
  const { href } = url;
  return /^[\x21-\x7e]+$/.test(href) && href.length <= MOST_LENGTH
    ? href
    : undefined;
}

function withoutTail(text: string): string {
  const isOpen = text.split("(").length >= text.split(")").length;
  return TAIL.test(text) || (text.endsWith(")") && !isOpen)
    ? withoutTail(text.slice(0, -1))
    : text;
}
