/** Writes captures of TCP over IPv4 and Ethernet in the pcap format. */

import { concat } from "@std/bytes";
import type { Direction } from "../../../kit/dissect/dissector.ts";

/** A TCP segment of a capture. */
export interface MadeSegment {
  direction: Direction;
  clientPort: number;
  serverPort: number;
  sequence: number;
  acknowledged: number;
  flags: number;
  data: Uint8Array;
  /** Bytes of the data that are kept. Default: all. */
  kept?: number;
}

const SYN = 2;
const ACK = 16;
const EMPTY = new Uint8Array(0);

/** Makes the segments of one connection. */
export class MadeConnection {
  readonly segments: MadeSegment[] = [];
  readonly #ports: { clientPort: number; serverPort: number };
  readonly #next: Record<Direction, number> = {
    request: 1000,
    answer: 7_001_000,
  };

  constructor({ clientPort = 40000, serverPort = 1357 } = {}) {
    this.#ports = { clientPort, serverPort };
  }

  /** The three segments that open it. */
  open(): this {
    this.#add("request", SYN, EMPTY);
    this.#add("answer", SYN | ACK, EMPTY);
    return this.#add("request", ACK, EMPTY);
  }

  /** Bytes in one direction, a segment each. */
  send(direction: Direction, ...parts: Uint8Array[]): this {
    for (const part of parts) this.#add(direction, ACK, part);
    return this;
  }

  #add(direction: Direction, flags: number, data: Uint8Array): this {
    const sequence = this.#next[direction];
    const other = direction === "request" ? "answer" : "request";
    const acknowledged = (flags & ACK) === 0 ? 0 : this.#next[other];
    this.segments.push({
      ...this.#ports,
      direction,
      sequence,
      acknowledged,
      flags,
      data,
    });
    this.#next[direction] += data.length + (flags & SYN ? 1 : 0);
    return this;
  }
}

/** Integers of so many bytes each, big endian. */
function pack(...fields: [size: 1 | 2 | 4, value: number][]): Uint8Array {
  return concat(fields.map(([size, value]) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value);
    return new Uint8Array(view.buffer, 4 - size);
  }));
}

function packet({ data, kept = data.length, ...segment }: MadeSegment) {
  const { direction, clientPort, serverPort, sequence } = segment;
  const [from, to] = direction === "request"
    ? [clientPort, serverPort]
    : [serverPort, clientPort];
  const loopback: [4, number] = [4, 0x7f000001];
  const headers = concat([
    new Uint8Array(12),
    pack([2, 0x800], [1, 0x45], [1, 0], [2, 40 + data.length], [4, 0], [1, 64]),
    pack([1, 6], [2, 0], loopback, loopback, [2, from], [2, to], [4, sequence]),
    pack([4, segment.acknowledged], [1, 0x50], [1, segment.flags], [2, 65535]),
    pack([4, 0]),
  ]);
  const bytes = concat([headers, data.subarray(0, kept)]);
  return { bytes, size: headers.length + data.length };
}

/** A capture of these segments, one a millisecond. */
export function capture(segments: readonly MadeSegment[]): Uint8Array {
  return concat([
    pack([4, 0xa1b2c3d4], [2, 2], [2, 4], [4, 0], [4, 0], [4, 0x40000], [4, 1]),
    ...segments.map(packet).flatMap(({ bytes, size }, index) => [
      pack([4, 1_700_000_000 + Math.floor(index / 1000)]),
      pack([4, index % 1000 * 1000], [4, bytes.length], [4, size]),
      bytes,
    ]),
  ]);
}
