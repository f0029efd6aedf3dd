/**
 * Tables of docs/protocol.md.
 *
 * @module
 */

import {
  type Dialect,
  dialects,
  requestCode,
  responseCodeIn,
} from "../../shared/wire/dialects.ts";
import type { AnyField } from "../../shared/wire/fields.ts";
import { requestHeaderOf } from "../../shared/wire/frames.ts";
import {
  ERROR_CODE,
  requestCodecs,
  type RequestKind,
  requestKinds,
  requests,
  responseCode,
  responseCodecs,
} from "../../shared/wire/requests.ts";
import { flatFields, layoutRows } from "./layout.ts";
import { table } from "./markdown.ts";

/** The codes of all requests and responses, with the sizes of their payloads. */
export const codes = (): string =>
  table([
    ["code", "request", "payload", "response", "its payload"],
    ...requestKinds.map((kind) => [
      `${requestCode(kind)}`,
      requests[kind].label,
      size(requestCodecs[kind]),
      `${responseCode[kind]}`,
      size(responseCodecs[kind]),
    ]),
    ["", "any", "", `${ERROR_CODE}`, "0"],
  ]);

function size(payload: Pick<AnyField, "shape">): string {
  const fields = flatFields(payload);
  const least = fields.reduce((sum, { size = 0 }) => sum + size, 0);
  const hasContent = fields.some(({ size }) => size === undefined);
  const one = hasContent ? `${least} + n` : `${least}`;
  if (payload.shape.kind !== "list") return one;
  return hasContent ? `Σ (${one})` : `n × ${one}`;
}

/** The codes and headers of all dialects. */
export const dialectCodes = (): string =>
  table([
    ["dialect", "requests", "responses", "header"],
    ...dialects.map((dialect) => [
      dialect.name,
      range((kind) => requestCode(kind, dialect)),
      range((kind) => responseCodeIn(dialect, responseCode[kind])),
      header(dialect),
    ]),
  ]);

function range(codeOf: (kind: RequestKind) => number): string {
  const all = requestKinds.map(codeOf);
  return `${all[0]} to ${all.at(-1)}`;
}

/** The size of a dialect's request header, and what else is its own. */
function header(dialect: Dialect): string {
  const codec = requestHeaderOf(dialect);
  let offset = 0;
  const all = flatFields(codec).map(({ name, size = 0 }) => {
    const at = offset;
    offset += size;
    return `${name === "payloadSize" ? "size" : name} ${size} byte${
      size === 1 ? "" : "s"
    } at ${at}`;
  });
  // The fields before the code are where they are in all dialects.
  const own = dialect.codeSize === 1 ? `: ${all.slice(2).join(", ")}` : "";
  const blocks = dialect.blockSize === 0
    ? ""
    : `, in blocks of ${dialect.blockSize}`;
  return `${codec.fixedSize} bytes${own}${blocks}`;
}

/** The fields of a request and of its response. */
export const fields = (kind: RequestKind): string =>
  fieldTable(requestCodecs[kind], responseCodecs[kind]);

/** The fields of a request's and of its response's payload, side by side. */
export function fieldTable(
  request: Pick<AnyField, "shape">,
  response: Pick<AnyField, "shape">,
): string {
  const [asked, got] = [layoutRows(request), layoutRows(response)];
  if (asked.length + got.length === 0) {
    return "Neither request nor response has a payload.";
  }
  if (asked.length === 0) {
    const head = response.shape.kind === "list" ? "entry" : "response";
    return table([[head, "offset", "size"], ...got]);
  }
  if (got.length === 0) return table([["request", "offset", "size"], ...asked]);
  const height = Math.max(asked.length, got.length);
  return table([
    ["request", "offset", "size", "", "response", "offset", "size"],
    ...Array.from({ length: height }, (_, i) => [
      ...asked[i] ?? ["", "", ""],
      "",
      ...got[i] ?? [],
    ]),
  ]);
}
