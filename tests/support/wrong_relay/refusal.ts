import { requestHeader } from "../../../shared/requests.ts";
import type { Asked } from "./altered_line.ts";

/** A code that no generation knows. */
const UNKNOWN_CODE = 0xfffe;

/** Makes of a request one without payload that the relay refuses. */
export function refused({ header }: Asked): Uint8Array {
  return requestHeader.encode({
    ...header,
    code: UNKNOWN_CODE,
    payloadSize: 0,
  });
}
