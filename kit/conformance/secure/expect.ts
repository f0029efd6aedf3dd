/**
 * Expectations of responses of the secure protocol.
 *
 * @module
 */

import {
  REFUSAL_CODE,
  RefusalReason,
} from "../../../shared/secure/secure_protocol.ts";
import {
  type Refusal,
  refusalCodec,
  type SecureRequestKind,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import type { WholeResponse } from "../../../shared/wire/response_framer.ts";
import { CheckFailure, must } from "../server/check.ts";

/** Describes a response in a few words. */
export function describe({ code, payload }: WholeResponse): string {
  if (code !== REFUSAL_CODE) return `${code} with ${payload.length} bytes`;
  if (payload.length < 2) return `${code} without a reason`;
  const reason = (payload[0] ?? 0) + 256 * (payload[1] ?? 0);
  return `${code} with reason ${reasonText(reason)}`;
}

/** Formats a reason with its name. */
export function reasonText(reason: number): string {
  const name = Object.entries(RefusalReason)
    .find(([, known]) => known === reason)?.[0];
  return name === undefined ? `${reason}` : `${reason} (${words(name)})`;
}

const words = (name: string) =>
  name.replaceAll(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();

/**
 * The payload of the response to a kind of request.
 *
 * @throws {CheckFailure} if it is another response, or its payload is malformed
 */
export function expectResponse<K extends SecureRequestKind>(
  kind: K,
  response: WholeResponse,
): SecureResponsePayloads[K] {
  const code = secureResponseCode(kind);
  must(response.code === code, `a response ${code}`, () => describe(response));
  return decoded(response, secureResponseCodecs[kind]);
}

/**
 * The refusal that a response is.
 *
 * @param reasons those that are right
 * @throws {CheckFailure} if it is none, or has another reason
 */
export function expectRefusal(
  response: WholeResponse,
  ...reasons: readonly RefusalReason[]
): Refusal {
  const expected = `${REFUSAL_CODE} with reason ${
    reasons.map(reasonText).join(" or ")
  }`;
  must(response.code === REFUSAL_CODE, expected, () => describe(response));
  const refusal = decoded(response, refusalCodec);
  must(reasons.includes(refusal.reason), expected, () => describe(response));
  return refusal;
}

function decoded<T>(response: WholeResponse, codec: Codec<T>): T {
  try {
    return codec.decode(response.payload);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new CheckFailure(
      `the payload of a ${response.code}`,
      `${describe(response)}; ${error.message}`,
    );
  }
}
