/**
 * Takes the records, packages and legacy messages apart that stand in the fields
 * of secure frames.
 *
 * @module
 */

import {
  recordLayout,
  successionLayout,
} from "../../../shared/secure/account_record.ts";
import { packageCodec } from "../../../shared/secure/key_package.ts";
import {
  MailFlag,
  RefusalReason,
} from "../../../shared/secure/secure_protocol.ts";
import { messageType } from "../../../shared/wire/field_types.ts";
import { type AnyField, record, rest } from "../../../shared/wire/fields.ts";
import { integer, lastName, type Piece, Walk } from "../walk.ts";

const layouts: Readonly<
  Record<"record" | "package" | "legacyContent", AnyField>
> = {
  record: recordLayout,
  package: packageCodec,
  legacyContent: record({ type: messageType, content: rest }),
};

/** The pieces, those that hold others replaced by what they hold. */
export function expanded(
  frame: Uint8Array,
  pieces: readonly Piece[],
): readonly Piece[] {
  return pieces.flatMap((piece) => {
    const layout = layoutOf(piece);
    return layout === undefined ? [piece] : inside(frame, piece, layout);
  });
}

/** What stands in a field, if it stands for more than itself. */
export function layoutOf(
  { path, bytes, record }: Piece,
): keyof typeof layouts | undefined {
  if (bytes.length === 0) return undefined;
  const number = (field: string) => integer(record.get(field)?.bytes ?? bytes);
  switch (lastName(path)) {
    case "record":
      return "record";
    case "detail":
      return number("reason") === RefusalReason.OtherDevices
        ? "record"
        : undefined;
    case "weekly":
    case "single":
    case "packages":
      return "package";
    case "content": {
      const isLegacy = record.has("flags") &&
        (number("flags") & MailFlag.Legacy) !== 0;
      return isLegacy ? "legacyContent" : undefined;
    }
    default:
      return undefined;
  }
}

function inside(
  frame: Uint8Array,
  { path, offset, bytes }: Piece,
  layout: keyof typeof layouts,
): Piece[] {
  const walk = new Walk(frame, offset, offset + bytes.length);
  const isWhole = walk.along(layouts[layout], path);
  if (isWhole && layout === "record" && walk.left > 0) {
    walk.along(successionLayout, `${path}.succession`);
  }
  walk.rest(`${path}.rest`, "rest");
  return walk.pieces;
}
