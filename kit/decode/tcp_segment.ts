import { viewOf } from "./packet.ts";

/** One segment of TCP, with where it comes from and goes to. */
export interface Segment {
  /** The sender's address and port, such as `127.0.0.1:1357`. */
  readonly from: string;
  /** The receiver's. */
  readonly to: string;
  /** The number of its first byte, modulo 2^32. */
  readonly sequence: number;
  readonly isSyn: boolean;
  readonly isAck: boolean;
  readonly isFin: boolean;
  readonly isReset: boolean;
  /** What it carries, as far as it was captured. */
  readonly data: Uint8Array;
  /** Bytes that it carried in all. */
  readonly size: number;
}

const TCP = 6;
/** Headers of IPv6 that stand before what is carried: options, routes. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60, 135]);
const Flag = { Fin: 1, Syn: 2, Reset: 4, Ack: 16 } as const;

/** What an IP packet carries. */
interface Carried {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly bytes: Uint8Array;
  /** Bytes that it carried in all. */
  readonly size: number;
}

/** The segment in an IP packet; undefined where there is none, or a fragment. */
export function tcpSegment(packet: Uint8Array): Segment | undefined {
  const carried = (packet[0] ?? 0) >> 4 === 6 ? inIpv6(packet) : inIpv4(packet);
  if (carried === undefined || carried.protocol !== TCP) return undefined;
  const { bytes, size } = carried;
  if (bytes.length < 20) return undefined;
  const view = viewOf(bytes);
  const start = (view.getUint8(12) >> 4) * 4;
  if (start < 20 || start > size) return undefined;
  const flags = view.getUint8(13);
  return {
    from: `${carried.from}:${view.getUint16(0)}`,
    to: `${carried.to}:${view.getUint16(2)}`,
    sequence: view.getUint32(4),
    isSyn: (flags & Flag.Syn) !== 0,
    isAck: (flags & Flag.Ack) !== 0,
    isFin: (flags & Flag.Fin) !== 0,
    isReset: (flags & Flag.Reset) !== 0,
    data: bytes.subarray(start, size),
    size: size - start,
  };
}

function inIpv4(packet: Uint8Array): Carried | undefined {
  if (packet.length < 20 || (packet[0] ?? 0) >> 4 !== 4) return undefined;
  const view = viewOf(packet);
  const start = (view.getUint8(0) & 15) * 4;
  // 0 stands there where the network card cuts the packet up later.
  const total = view.getUint16(2) || packet.length;
  const isFragment = (view.getUint16(6) & 0x3fff) !== 0;
  if (start < 20 || total < start || isFragment) return undefined;
  return {
    from: packet.subarray(12, 16).join("."),
    to: packet.subarray(16, 20).join("."),
    protocol: view.getUint8(9),
    bytes: packet.subarray(start, total),
    size: total - start,
  };
}

function inIpv6(packet: Uint8Array): Carried | undefined {
  if (packet.length < 40) return undefined;
  const view = viewOf(packet);
  const total = 40 + (view.getUint16(4) || packet.length - 40);
  let protocol = view.getUint8(6);
  let start = 40;
  while (EXTENSIONS.has(protocol) && start + 8 <= packet.length) {
    protocol = view.getUint8(start);
    start += 8 * (view.getUint8(start + 1) + 1);
  }
  if (start > total) return undefined;
  return {
    from: ipv6Text(packet.subarray(8, 24)),
    to: ipv6Text(packet.subarray(24, 40)),
    protocol,
    bytes: packet.subarray(start, total),
    size: total - start,
  };
}

function ipv6Text(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  const groups = Array.from(
    { length: 8 },
    (_, index) => view.getUint16(2 * index).toString(16),
  ).join(":");
  // The runtime knows how such an address is shortened.
  return new URL(`http://[${groups}]`).hostname;
}
