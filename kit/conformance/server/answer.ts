/**
 * An answer as it came, and what is to be expected of one.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { FormatError } from "../../../shared/wire/format_error.ts";
import type { ResponseHeader } from "../../../shared/wire/frames.ts";
import type { WholeResponse } from "../../../shared/wire/response_framer.ts";
import { ERROR_CODE } from "../../../shared/wire/requests.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import { CheckFailure } from "./check_failure.ts";

/** A whole response, its code that of the first dialect. */
export type Answer = WholeResponse;

/** What an answer is, in a few words. */
export const describe = ({ code, payloadSize }: ResponseHeader): string =>
  `${code} with ${payloadSize === 0 ? "no payload" : `${payloadSize} bytes`}`;

/**
 * Checks that an answer has a code, and returns it.
 *
 * @throws {CheckFailure} where it has another one
 */
export function expectCode(answer: Answer, code: number): Answer {
  if (answer.code === code) return answer;
  throw new CheckFailure(`an answer ${code}`, describe(answer), {
    isRefusal: answer.code === ERROR_CODE,
  });
}

/**
 * Checks the code of an answer and the size of its payload.
 *
 * @throws {CheckFailure} where one of them is another
 */
export function expectSize(answer: Answer, code: number, size: number): Answer {
  if (answer.code === code && answer.payload.length === size) return answer;
  throw new CheckFailure(
    `an answer ${code} with ${size} bytes`,
    describe(answer),
    { isRefusal: answer.code === ERROR_CODE },
  );
}

/**
 * Reads the payload of an answer.
 *
 * @throws {CheckFailure} where its code is another, or its payload has no such form
 */
export function expectPayload<T>(
  answer: Answer,
  code: number,
  codec: Codec<T>,
): T {
  expectCode(answer, code);
  try {
    return codec.decode(answer.payload);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new CheckFailure(
      `the payload of a ${code}`,
      `${describe(answer)}; ${error.message}`,
    );
  }
}

/** Bytes in hex, the first 16 where they are more. */
export const hex = (bytes: Uint8Array): string =>
  bytes.length === 0
    ? "nothing"
    : `${encodeHex(bytes.subarray(0, 16))}${bytes.length > 16 ? "…" : ""}`;
