import { requestHeader } from "../../shared/wire/frames.ts";
import { ERROR_CODE } from "../../shared/wire/requests.ts";
import type { Answer, Asked } from "./altered_line.ts";

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
