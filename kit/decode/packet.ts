/** A packet as it was captured. */
export interface Packet {
  /** When, in milliseconds since 1970; undefined where the file doesn't tell. */
  readonly time: number | undefined;
  /** Of which kind of network it is, by tcpdump's numbers; undefined where the file doesn't tell. */
  readonly linkType: number | undefined;
  /** Its bytes, as many as were kept. */
  readonly bytes: Uint8Array;
}

/** Is told what can't be read of a capture, and is left out. */
export type Note = (text: string) => void;

/** A view of the same bytes, for integers of more than one. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What is said where a capture ends too early. */
export const CUT_OFF = "The capture ends within a packet; it is left out";
