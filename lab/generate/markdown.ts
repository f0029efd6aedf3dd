/**
 * Pieces of Markdown, laid out as `deno fmt` does.
 *
 * @module
 */

const WIDTH = 80;

/** A table; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) =>
    Math.max(1, ...rows.map((row) => [...row[column] ?? ""].length))
  );
  const line = (cells: readonly string[], fill = " ") =>
    `| ${
      widths.map((width, i) => (cells[i] ?? "").padEnd(width, fill)).join(" | ")
    } |`;
  return [line(head), line([], "-"), ...body.map((row) => line(row))]
    .join("\n");
}

/** A paragraph, wrapped at the width of the pages. */
export function paragraph(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** A fenced block of text. */
export const fenced = (text: string): string =>
  `\`\`\`text\n${text.trimEnd()}\n\`\`\``;

/** A name, or several, as code. */
export const code = (...names: readonly string[]): string =>
  names.map((name) => `\`${name}\``).join(", ");

/** Makes a file's text, or a section of it, from the current text. */
export type Render = (current: string) => string | Promise<string>;

/** Replaces the lines of a section. @throws {Error} where the file has no such section */
export function section(
  name: string,
  render: () => string | Promise<string>,
): Render {
  return async (current) => {
    const lines = current.split("\n");
    const from = lines.findIndex((line) =>
      line.replace(/ -->$/, "").endsWith(` generated: ${name}`)
    );
    const to = lines.findIndex((line, at) => at > from && END.test(line));
    if (from < 0 || to < 0) {
      throw new Error(`Expected the section "generated: ${name}", got none`);
    }
    // Markdown wants comments to stand apart.
    const gap = lines[from]?.startsWith("<!--") ? [""] : [];
    return [
      ...lines.slice(0, from + 1),
      ...gap,
      await render(),
      ...gap,
      ...lines.slice(to),
    ].join("\n");
  };
}

/** The line behind a section, in Markdown, Lua and Python. */
const END = /^(<!--|--|#) end( -->)?$/;
