/**
 * Tables of docs/secure.md.
 *
 * @module
 */

import {
  refusalCodec,
  secureRequestCode,
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKinds,
  secureRequests,
  secureResponseCode,
  secureResponseCodecs,
} from "../../shared/secure/secure_requests.ts";
import { REFUSAL_CODE } from "../../shared/secure/secure_protocol.ts";
import type { AnyField } from "../../shared/wire/fields.ts";
import { layoutRows, leastSize } from "./layout.ts";
import { table } from "./markdown.ts";
import { fieldTable } from "./protocol.ts";

/** The codes of all requests and responses, with the sizes of their payloads. */
export const secureCodes = (): string =>
  table([
    ["code", "request", "payload", "response", "its payload"],
    ...secureRequestKinds.map((kind) => [
      `${secureRequestCode(kind)}`,
      secureRequests[kind].label,
      size(secureRequestCodecs[kind]),
      `${secureResponseCode(kind)}`,
      size(secureResponseCodecs[kind]),
    ]),
    ["", "any", "", `${REFUSAL_CODE}`, size(refusalCodec)],
  ]);

/** A size in bytes, or the least one. */
function size(payload: AnyField): string {
  const least = `${leastSize(payload)}`;
  return payload.fixedSize === undefined ? `${least} or more` : least;
}

/** The fields of a request and of its response. */
export const secureFields = (kind: SecureRequestKind): string =>
  fieldTable(secureRequestCodecs[kind], secureResponseCodecs[kind]);

/** The fields of a refusal. */
export const refusalFields = (): string =>
  table([["refusal", "offset", "size"], ...layoutRows(refusalCodec)]);
