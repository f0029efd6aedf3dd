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

/** A field's name as words: `message id`. */
export const words = (name: string, separator = " "): string =>
  name.replaceAll(/[A-Z]/g, (letter) => separator + letter.toLowerCase());
