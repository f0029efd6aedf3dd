import { CUT_OFF, type Note, type Packet, viewOf } from "./packet.ts";

/** The first 4 bytes, read little endian, and what they say. */
const magics: ReadonlyMap<number, { little: boolean; unit: number }> = new Map([
  [0xa1b2c3d4, { little: true, unit: 1e3 }],
  [0xd4c3b2a1, { little: false, unit: 1e3 }],
  [0xa1b23c4d, { little: true, unit: 1e6 }],
  [0x4d3cb2a1, { little: false, unit: 1e6 }],
]);
const HEADER_SIZE = 24;
const RECORD_SIZE = 16;

/** The only version of the format that there is: 2.4. */
const VERSION = [2, 4] as const;

/** Whether these bytes begin a file of tcpdump's older format. */
export function isPcap(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const magic = bytes.length < 4
    ? undefined
    : magics.get(view.getUint32(0, true));
  if (magic === undefined) return false;
  // A client's id may begin like one; what follows it doesn't.
  return bytes.length < 8 ||
    view.getUint16(4, magic.little) === VERSION[0] &&
      view.getUint16(6, magic.little) === VERSION[1];
}

/**
 * The packets of such a file.
 *
 * @throws {Error} where it ends within its header
 */
export function* pcapPackets(bytes: Uint8Array, note: Note): Generator<Packet> {
  const view = viewOf(bytes);
  const magic = isPcap(bytes) ? magics.get(view.getUint32(0, true)) : undefined;
  if (magic === undefined) {
    throw new Error("Expected a capture in pcap or pcapng, got other bytes");
  }
  if (bytes.length < HEADER_SIZE) {
    throw new Error(
      `Expected a pcap file's header of ${HEADER_SIZE} bytes, got ${bytes.length}`,
    );
  }
  const { little, unit } = magic;
  // The upper bits say how long a frame's checksum is.
  const linkType = view.getUint32(20, little) & 0xffff;
  for (let at = HEADER_SIZE; at < bytes.length;) {
    if (at + RECORD_SIZE > bytes.length) return note(CUT_OFF);
    const size = view.getUint32(at + 8, little);
    const start = at + RECORD_SIZE;
    if (size > bytes.length - start) return note(CUT_OFF);
    yield {
      time: view.getUint32(at, little) * 1e3 +
        view.getUint32(at + 4, little) / unit,
      linkType,
      bytes: bytes.subarray(start, start + size),
    };
    at = start + size;
  }
}
