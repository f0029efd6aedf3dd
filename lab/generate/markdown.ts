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
