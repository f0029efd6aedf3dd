import type { Asked } from "./altered_line.ts";

/** A code that no generation knows. */
const UNKNOWN_CODE = 0xfffe;

/** Makes of a request one without payload that the relay refuses. */
export function refused({ head }: Asked): Uint8Array {
  const refused = head.slice();
  const view = new DataView(refused.buffer);
  view.setUint16(17, UNKNOWN_CODE, true);
  view.setUint32(19, 0, true);
  return refused;
}
