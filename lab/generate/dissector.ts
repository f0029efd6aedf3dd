/**
 * What kit/dissector/messageu.lua knows of requests and dialects.
 *
 * @module
 */

import { dialects } from "../../shared/wire/dialects.ts";
import type { AnyField } from "../../shared/wire/fields.ts";
import { typeName } from "../../kit/dissect/meaning.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import {
  requestCodecs,
  requestKinds,
  requestRecord,
  responseCodecs,
} from "../../shared/wire/requests.ts";
import { flatFields, words } from "./layout.ts";

/** The tables at the start of the dissector. */
export function dissectorTables(): string {
  const sizes = new Map<string, number>();
  const list = (payload: Pick<AnyField, "shape">) => {
    const names = flatFields(payload).map(({ name, size }) => {
      const field = words(name, "_");
      if (size !== undefined) sizes.set(field, size);
      return `"${field}"`;
    });
    return `{ ${names.join(", ")} }`.replace("{  }", "{}");
  };
  const kinds = requestKinds.flatMap((kind) => {
    const record = requestRecord(kind);
    return [
      `  { name = "${kind}", request = "${record.label}", response = "${record.responseLabel}",`,
      `    clause = "${record.sizeClause}", is_list = ${
        record.isList === true
      },`,
      `    request_fields = ${list(requestCodecs[kind])},`,
      `    response_fields = ${list(responseCodecs[kind])} },`,
    ];
  });
  return [
    "local dialects = {",
    ...dialects.map(({ firstRequest, firstResponse, codeSize }) =>
      `  { request = ${firstRequest}, response = ${firstResponse}, code_size = ${codeSize} },`
    ),
    "}",
    "local kinds = {",
    ...kinds,
    "}",
    "-- Bytes of each field; a content has as many as its size says.",
    "local sizes = {",
    ...[...sizes].map(([name, size]) => `  ${name} = ${size},`),
    "}",
    "local type_names = {",
    ...Object.values(MessageType).map((type) =>
      `  [${type}] = "${typeName(type)}",`
    ),
    "}",
  ].join("\n");
}
