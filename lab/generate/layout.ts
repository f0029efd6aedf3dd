/**
 * The layouts of headers, requests and responses as flat lists of fields.
 *
 * @module
 */

import { CONTENT_SIZE } from "../../kit/dissect/walk.ts";
import type { AnyField } from "../../shared/wire/fields.ts";

/** A field on the wire. */
export interface FlatField {
  /** Its name, such as `messageId`. */
  readonly name: string;
  /** Its size in bytes; undefined for a content. */
  readonly size: number | undefined;
}

/** The fields of a record or of a list's entry, a content's size apart from the content. */
export function flatFields(
  { shape }: Pick<AnyField, "shape">,
): readonly FlatField[] {
  if (shape.kind === "list") return flatFields(shape.item);
  if (shape.kind !== "record") return [];
  return shape.entries.flatMap(([name, { shape, fixedSize }]): FlatField[] =>
    shape.kind === "sized"
      ? [
        { name: CONTENT_SIZE, size: shape.size.fixedSize },
        { name, size: undefined },
      ]
      : [{ name, size: fixedSize }]
  );
}

/** A row of a layout's table: name, offset and size. */
export type LayoutRow = [name: string, offset: string, size: string];

/**
 * The fields of a payload as rows of a table. The fields of a list's entry stand
 * once. A field behind one whose size differs has no offset.
 */
export function layoutRows(payload: Pick<AnyField, "shape">): LayoutRow[] {
  const rows: LayoutRow[] = [];
  let offset: number | undefined = 0;
  const add = (name: string, size: number | string) => {
    rows.push([words(name), `${offset ?? ""}`, `${size}`]);
    offset = typeof size === "number" && offset !== undefined
      ? offset + size
      : undefined;
  };
  const along = (name: string, { shape, fixedSize }: LayoutField): void => {
    switch (shape.kind) {
      case "leaf":
        return add(name, fixedSize ?? "n");
      case "sized":
        add(`${name} size`, shape.size.fixedSize ?? "n");
        return add(name, "n");
      case "optional":
        add(`has ${name}`, 1);
        return add(name, `0 or ${shape.item.fixedSize}`);
      case "choice": {
        const names = shape.options.map(([name]) => name);
        const sizes = shape.options.map(([, { fixedSize }]) => fixedSize);
        add(name, 1);
        return add(names.join(" or "), sizes.join(" or "));
      }
      case "counted":
        add(name, 1);
        return along(name, shape.item);
      case "record":
        return shape.entries.forEach(([name, entry]) => along(name, entry));
      case "list": {
        const first = rows.length;
        along(name, shape.item);
        for (const row of rows.slice(first + 1)) row[1] = "";
        const entry = rows[first];
        if (entry !== undefined) entry[0] = `of each: ${entry[0]}`;
      }
    }
  };
  const { shape } = payload;
  along("", shape.kind === "list" ? shape.item : payload);
  return rows;
}

/** A field, or a payload. */
type LayoutField = Pick<AnyField, "shape"> & Partial<AnyField>;

/** Size in bytes of a payload's smallest value. */
export function leastSize({ shape, fixedSize }: LayoutField): number {
  switch (shape.kind) {
    case "leaf":
      return fixedSize ?? 0;
    case "sized":
      return leastSize(shape.size);
    case "optional":
    case "counted":
      return 1;
    case "choice":
      return 1 +
        Math.min(...shape.options.map(([, field]) => leastSize(field)));
    case "record":
      return shape.entries.reduce(
        (sum, [, field]) => sum + leastSize(field),
        0,
      );
    case "list":
      return 0;
  }
}

/** A field's name as words: `message id`. */
export const words = (name: string, separator = " "): string =>
  name.replaceAll(/[A-Z]/g, (letter) => separator + letter.toLowerCase());
