import type { Fields, FieldValues } from "../../shared/wire/field_types.ts";
import {
  type RequestKind,
  type RequestPayloads,
  requestRecord,
  type ResponsePayloads,
} from "../../shared/wire/requests.ts";

/** The payload of a request, with these values in the fields of their types. */
export const samplePayload = <K extends RequestKind>(
  kind: K,
  values: Partial<FieldValues>,
): RequestPayloads[K] => sample(requestRecord(kind).request, values) as never;

/** The payload of a response, with these values; of a list, one entry. */
export function sampleResponse<K extends RequestKind>(
  kind: K,
  values: Partial<FieldValues>,
): ResponsePayloads[K] {
  const { response, isList } = requestRecord(kind);
  const entry = sample(response, values);
  return (isList ? [entry] : entry) as never;
}

const sample = (fields: Fields, values: Partial<FieldValues>) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, type]) => [name, values[type]]),
  );
