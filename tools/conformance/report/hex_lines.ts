import { encodeHex } from "@std/encoding";
import type { Exchanged } from "./outcome.ts";

/** Bytes on a line. */
const ROW = 16;
/** Bytes that are shown. */
const MOST = 64;

/** The bytes of a frame with what they mean. */
export function hexLines(
  { bytes, size }: Exchanged,
  _colour: boolean,
): string[] {
  const lines: string[] = [];
  for (let start = 0; start < Math.min(bytes.length, MOST); start += ROW) {
    const hex = encodeHex(bytes.subarray(start, Math.min(start + ROW, MOST)));
    lines.push(
      `${start.toString(16).padStart(6, "0")}  ${
        hex.replaceAll(/..(?=.)/g, "$& ")
      }`,
    );
  }
  return size > MOST ? [...lines, `and ${size - MOST} more bytes`] : lines;
}
