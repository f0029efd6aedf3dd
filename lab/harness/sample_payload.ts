import type { FieldValues } from "../../shared/wire/field_types.ts";
import {
  type RequestKind,
  type RequestPayloads,
  requestRecord,
} from "../../shared/wire/requests.ts";

/** A payload of the kind, with these values in the fields of their types. */
export function samplePayload<K extends RequestKind>(
  kind: K,
  values: Partial<FieldValues>,
): RequestPayloads[K] {
  const fields = Object.entries(requestRecord(kind).request);
  return Object.fromEntries(
    fields.map(([name, type]) => [name, values[type]]),
  ) as RequestPayloads[K];
}
