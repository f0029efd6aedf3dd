/** What faults make of requests and responses on their way. */

import { WAITING_OVERHEAD } from "../../shared/wire/protocol.ts";
import { requestHeader } from "../../shared/wire/frames.ts";
import { ERROR_CODE } from "../../shared/wire/requests.ts";
import type { Answer, Asked, Hooks } from "./altered_line.ts";

/** Whether it is a failure. */
export const failed = ({ code }: Answer) => code === ERROR_CODE;

/** Calls each message of an answer to a pull by its offset in the payload. */
export function eachWaiting(
  { payload }: Answer,
  change: (message: DataView, index: number) => void,
): void {
  const view = new DataView(payload.buffer, payload.byteOffset);
  for (let at = 0, index = 0; at < payload.length; index++) {
    const size = WAITING_OVERHEAD + view.getUint32(at + 21, true);
    change(new DataView(payload.buffer, payload.byteOffset + at, size), index);
    at += size;
  }
}

/** Changes what answers one kind of request, unless it is a failure. */
export function onAnswer(
  kind: Asked["kind"],
  change: (answer: Answer, asked: Asked) => Uint8Array | void,
): Hooks {
  return {
    answer(answer, asked) {
      if (asked.kind === kind && !failed(answer)) return change(answer, asked);
    },
  };
}

/** A code that no dialect knows. */
const UNKNOWN_CODE = 0xfffe;

/** Makes of a request one without payload that the relay refuses. */
export function refused({ header }: Asked): Uint8Array {
  return requestHeader.encode({
    ...header,
    code: UNKNOWN_CODE,
    payloadSize: 0,
  });
}

/** Makes a 9000 of the answer to a request that was marked. */
export function refuseMarked(answer: Answer, { marked }: Asked): void {
  if (!marked) return;
  answer.code = ERROR_CODE;
  answer.payload = new Uint8Array(0);
}
