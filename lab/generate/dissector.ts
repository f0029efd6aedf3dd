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
import {
  recordLayout,
  successionLayout,
} from "../../shared/secure/account_record.ts";
import { packageCodec } from "../../shared/secure/key_package.ts";
import {
  FIRST_SECURE_REQUEST,
  FIRST_SECURE_RESPONSE,
  REFUSAL_CODE,
  RefusalReason,
  SECURE_VERSION,
} from "../../shared/secure/secure_protocol.ts";
import {
  refusalCodec,
  secureRequestCodecs,
  secureRequestKinds,
  secureRequests,
  secureResponseCodecs,
} from "../../shared/secure/secure_requests.ts";
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

/** What kit/dissector/messageu_secure.lua knows of the secure protocol's layouts. */
export function secureDissectorTables(): string {
  const types = new Map<string, string>();
  const node = (field: AnyField, name: string): string =>
    `{ ${luaNode(field, words(name, "_"), types)} }`;
  const layouts = secureRequestKinds.flatMap((kind) => {
    const { index, label, responseLabel } = secureRequests[kind];
    return [
      `  { index = ${index}, request = "${label}", response = "${responseLabel}",`,
      `    request_layout = ${node(secureRequestCodecs[kind], kind)},`,
      `    response_layout = ${node(secureResponseCodecs[kind], kind)} },`,
    ];
  });
  const inner = {
    record: recordLayout,
    succession: successionLayout,
    package: packageCodec,
    refusal: refusalCodec,
  };
  const inside = Object.entries(inner).map(([name, layout]) =>
    `  ${name} = ${node(layout, name)},`
  );
  return [
    `local FIRST_REQUEST, FIRST_RESPONSE = ${FIRST_SECURE_REQUEST}, ${FIRST_SECURE_RESPONSE}`,
    `local REFUSAL, VERSION = ${REFUSAL_CODE}, ${SECURE_VERSION}`,
    `local OTHER_DEVICES = ${RefusalReason.OtherDevices}`,
    "local reasons = {",
    ...Object.entries(RefusalReason).map(([name, reason]) =>
      `  [${reason}] = "${words(name).trim().toLowerCase()}",`
    ),
    "}",
    "local kinds = {",
    ...layouts,
    "}",
    "local inner = {",
    ...inside,
    "}",
    "local types = {",
    ...[...types].map(([name, type]) => `  ${name} = "${type}",`),
    "}",
  ].join("\n");
}

/** Layouts that stand in a field of a request or a response. */
const INSIDE: Readonly<Record<string, string>> = {
  record: "record",
  packages: "package",
  weekly: "package",
  single: "package",
};

function luaNode(
  { shape, fixedSize }: AnyField,
  name: string,
  types: Map<string, string>,
): string {
  const inner = (field: AnyField, name: string) =>
    `{ ${luaNode(field, name, types)} }`;
  const own = `name = "${name}"`;
  switch (shape.kind) {
    case "record":
      return shape.entries.map(([key, entry]) => inner(entry, words(key, "_")))
        .join(", ");
    case "list":
      return `${own}, list = ${inner(shape.item, name)}`;
    case "counted":
      return `${own}, counted = ${inner(shape.item, name)}`;
    case "optional":
      return `${own}, optional = ${inner(shape.item, name)}`;
    case "choice":
      return `${own}, choice = { ${
        shape.options.map(([key, option]) => inner(option, words(key, "_")))
          .join(", ")
      } }`;
    case "sized":
    case "leaf": {
      const inside = INSIDE[name];
      types.set(name, luaType(fixedSize, name, types.get(name)));
      return [
        own,
        shape.kind === "sized" ? "sized = true" : `size = ${fixedSize ?? -1}`,
        ...inside === undefined ? [] : [`inside = "${inside}"`],
      ].join(", ");
    }
  }
}

/** The type of a field, the wider one where two fields share a name. */
function luaType(
  size: number | undefined,
  name: string,
  before: string | undefined,
): string {
  if (name === "name") return "string";
  if (size === 8 || before === "uint64") return "uint64";
  const isNumber = size === 1 || size === 2 || size === 4;
  return isNumber ? "uint32" : "bytes";
}
