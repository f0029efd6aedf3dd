import { withoutControls } from "../../../../shared/cli/printable.ts";

/** Markup that needs no escaping. */
export class Markup {
  /** @param text well-formed HTML */
  constructor(readonly text: string) {}
}

/** A value in markup; other than markup it is escaped. */
export type Value = string | number | Markup | readonly Markup[];

/**
 * Makes markup from a template, and escapes the values in it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markup } from "./markup.ts";
 *
 * const { text } = markup`<p title="${'"'}">${"<b>"}</p>`;
 * assertEquals(text, '<p title="&quot;">&lt;b&gt;</p>');
 * ```
 */
export function markup(
  parts: TemplateStringsArray,
  ...values: readonly Value[]
): Markup {
  const text = parts.map((part, index) => {
    const value = index === 0 ? "" : values[index - 1] ?? "";
    return textOf(value) + part;
  }).join("");
  return new Markup(text);
}

function textOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return escapeMarkup(withoutControls(`${value}`));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Escapes a text for HTML and XML, in elements and in attributes in `"`. */
export function escapeMarkup(text: string): string {
  return text.replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? "");
}
