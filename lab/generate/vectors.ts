/**
 * What kit/vectors/schema.json and docs/vectors.md know of requests and
 * dialects.
 *
 * @module
 */

import { dialectNames } from "../../shared/wire/dialects.ts";
import { requestHeader, responseHeader } from "../../shared/wire/frames.ts";
import {
  ERROR_CODE,
  requestCodecs,
  requestKinds,
  responseCodecs,
} from "../../shared/wire/requests.ts";
import { type FlatField, flatFields } from "./layout.ts";
import { code, paragraph } from "./markdown.ts";

/** What the vectors call a request or response, failures included. */
const kinds = [...requestKinds, "failure"] as const;

const requestFields = requestKinds.map((kind) =>
  flatFields(requestCodecs[kind])
);
const responseFields = requestKinds.map((kind) =>
  flatFields(responseCodecs[kind])
);

/** All fields of payloads, each once. */
const payloadFields: readonly FlatField[] = [
  ...new Map(
    [...requestFields, ...responseFields].flat().map((field) =>
      [field.name, field] as const
    ),
  ).values(),
];

const headerFields = [requestHeader, responseHeader].flatMap(flatFields);

/** Fills the schema's lists of dialects and kinds, and the fields of records. */
export function schema(current: string): string {
  const parsed = JSON.parse(current);
  const { dialect, frameMeaning, record } = parsed.$defs;
  dialect.enum = dialectNames;
  frameMeaning.properties.kind.enum = kinds;
  record.properties = Object.fromEntries(
    payloadFields.map((field) => [field.name, typeOf(field)]),
  );
  return `${JSON.stringify(parsed, null, 2)}\n`;
}

function typeOf({ name, size }: FlatField): Record<string, string> {
  if (name === "name") return { type: "string" };
  const types: Readonly<Record<number, string>> = {
    1: "u8",
    4: "u32",
    16: "id",
  };
  return { $ref: `#/$defs/${types[size ?? 0] ?? "hex"}` };
}

/** The names of dialects, kinds and fields, as the page tells them. */
export function names(): string {
  const fields = new Set(
    [...headerFields, ...payloadFields].map(({ name }) => name),
  );
  return [
    paragraph(`The dialects are ${code(...dialectNames)}.`),
    paragraph(
      `The kinds are ${code(...requestKinds)}, and ${
        code("failure")
      } for ${ERROR_CODE}. The fields have the names of section 7 of protocol.md: ${
        code(...fields)
      }.`,
    ),
  ].join("\n\n");
}

/**
 * What the reader in Python goes by: the form of each field, and of each kind
 * the fields of the request and of the response.
 */
export function layouts(): string {
  const forms: Readonly<Record<number, string>> = { 1: "B", 2: "H", 4: "I" };
  const sizes = [...headerFields, ...payloadFields].flatMap(({ name, size }) =>
    size === undefined ? [] : [[name, forms[size] ?? `${size}s`]]
  );
  const fixed = (fields: readonly FlatField[]) =>
    fields.filter(({ size }) => size !== undefined)
      .map(({ name }) => name).join(" ");
  const pairs = requestKinds.map((kind, i) => [
    kind,
    [fixed(requestFields[i] ?? []), fixed(responseFields[i] ?? [])],
  ]);
  return [
    `FORMS = ${python(Object.fromEntries(sizes))}`,
    `LAYOUTS = ${
      python({
        header: [requestHeader, responseHeader].map((codec) =>
          fixed(flatFields(codec))
        ),
        ...Object.fromEntries(pairs),
        failure: ["", ""],
      })
    }`,
  ].join("\n");
}

/** A value of strings as Python writes it. */
const python = (value: unknown): string =>
  JSON.stringify(value, null, 1).replaceAll(/\n */g, " ")
    .replaceAll(/([[{]) | ([\]}])/g, "$1$2");
