/** Writes captures of TCP connections, as tcpdump and Wireshark would. */

import type { Direction } from "../../../kit/dissect/anatomy.ts";

/** A segment of TCP that is to be captured. */
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

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** Makes the segments of one connection. */
export class MadeConnection {
  readonly segments: MadeSegment[] = [];
  readonly #ports: { clientPort: number; serverPort: number };
  readonly #next: Record<Direction, number>;

  constructor(
    { clientPort = 40000, serverPort = 1357, sequence = 1000 } = {},
  ) {
    this.#ports = { clientPort, serverPort };
    this.#next = { request: sequence, answer: sequence + 7_000_000 };
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

  /** Bytes that no capture has. */
  skip(direction: Direction, size: number): this {
    this.#next[direction] += size;
    return this;
  }

  /** The end of one direction. */
  end(direction: Direction): this {
    return this.#add(direction, FIN | ACK, EMPTY);
  }

  /** The end of both. */
  reset(direction: Direction): this {
    return this.#add(direction, RST, EMPTY);
  }

  #add(direction: Direction, flags: number, data: Uint8Array): this {
    const sequence = this.#next[direction] >>> 0;
    const other = direction === "request" ? "answer" : "request";
    const acknowledged = (flags & ACK) === 0 ? 0 : this.#next[other] >>> 0;
    this.segments.push({
      ...this.#ports,
      direction,
      sequence,
      acknowledged,
      flags,
      data,
    });
    this.#next[direction] += data.length + ((flags & (SYN | FIN)) > 0 ? 1 : 0);
    return this;
  }
}

/** How a capture is written. */
export interface CaptureForm {
  file?: "pcap" | "pcapng";
  bigEndian?: boolean;
  nanoseconds?: boolean;
  link?: keyof typeof links;
  ip?: 4 | 6;
}

const EMPTY = new Uint8Array(0);
/** Seconds since 1970 of the first packet; each comes a millisecond later. */
const START = 1_700_000_000;

const join = (...parts: readonly Uint8Array[]) => {
  const joined = new Uint8Array(
    parts.reduce((size, part) => size + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

/** Integers of so many bytes. */
function pack(
  fields: readonly (readonly [size: 1 | 2 | 4, value: number])[],
  little = false,
): Uint8Array<ArrayBuffer> {
  return join(...fields.map(([size, value]) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value, little);
    const bytes = new Uint8Array(view.buffer);
    return little ? bytes.slice(0, size) : bytes.slice(4 - size);
  }));
}

/** Of each kind of network its number and what stands before an IP packet. */
const links = {
  ethernet: [1, (type: number) => join(new Uint8Array(12), pack([[2, type]]))],
  vlan: [1, (type: number) =>
    join(
      new Uint8Array(12),
      pack([[2, 0x8100], [2, 5], [2, type]]),
    )],
  null: [0, (type: number) => pack([[4, type === 0x800 ? 2 : 30]], true)],
  loop: [108, (type: number) => pack([[4, type === 0x800 ? 2 : 30]])],
  raw: [101, () => EMPTY],
  cooked: [113, (type: number) => join(new Uint8Array(14), pack([[2, type]]))],
  cooked2: [276, (type: number) =>
    join(
      pack([[2, type]]),
      new Uint8Array(18),
    )],
} as const;

/** Names of the kinds of networks. */
export const linkNames = Object.keys(links) as (keyof typeof links)[];

function packet(
  segment: MadeSegment,
  { link = "ethernet", ip = 4 }: CaptureForm,
) {
  const { direction, clientPort, serverPort, data, kept } = segment;
  const ports = direction === "request"
    ? [clientPort, serverPort] as const
    : [serverPort, clientPort] as const;
  const tcp = pack([
    [2, ports[0]],
    [2, ports[1]],
    [4, segment.sequence],
    [4, segment.acknowledged],
    [1, 0x50],
    [1, segment.flags],
    [2, 65535],
    [4, 0],
  ]);
  const size = tcp.length + data.length;
  const [client, server] = ip === 4
    ? [pack([[4, 0x7f000001]]), pack([[4, 0x7f000001]])]
    : [loopback6(), loopback6()];
  const ends = direction === "request" ? [client, server] : [server, client];
  const header = ip === 4
    ? pack([[1, 0x45], [1, 0], [2, 20 + size], [4, 0], [1, 64], [1, 6], [2, 0]])
    : pack([[4, 0x60000000], [2, size], [1, 6], [1, 64]]);
  const before = links[link][1](ip === 4 ? 0x800 : 0x86dd);
  const start = join(before, header, ...ends, tcp);
  return {
    bytes: join(start, data.subarray(0, kept ?? data.length)),
    size: start.length + data.length,
  };
}

function loopback6(): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(16);
  address[15] = 1;
  return address;
}

/** A file that holds these segments. */
export function capture(
  segments: readonly MadeSegment[],
  form: CaptureForm = {},
): Uint8Array<ArrayBuffer> {
  const little = !form.bigEndian;
  const link = links[form.link ?? "ethernet"][0];
  const packets = segments.map((segment) => packet(segment, form));
  if (form.file === "pcapng") return pcapng(packets, link, little);
  const magic = form.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const unit = form.nanoseconds ? 1e6 : 1e3;
  return join(
    pack(
      [[4, magic], [2, 2], [2, 4], [4, 0], [4, 0], [4, 0x40000], [4, link]],
      little,
    ),
    ...packets.flatMap(({ bytes, size }, index) => [
      pack([
        [4, START + Math.floor(index / 1000)],
        [4, index % 1000 * unit],
        [4, bytes.length],
        [4, size],
      ], little),
      bytes,
    ]),
  );
}

function pcapng(
  packets: readonly { bytes: Uint8Array; size: number }[],
  link: number,
  little: boolean,
): Uint8Array<ArrayBuffer> {
  const block = (type: number, ...parts: Uint8Array[]) => {
    const body = join(...parts);
    const padding = new Uint8Array((4 - body.length % 4) % 4);
    const size = 12 + body.length + padding.length;
    return join(
      pack([[4, type], [4, size]], little),
      body,
      padding,
      pack([[4, size]], little),
    );
  };
  return join(
    block(
      0x0a0d0d0a,
      pack(
        [[4, 0x1a2b3c4d], [2, 1], [2, 0], [4, 0xffffffff], [4, 0xffffffff]],
        little,
      ),
    ),
    block(1, pack([[2, link], [2, 0], [4, 0]], little)),
    ...packets.map(({ bytes, size }, index) => {
      const ticks = (START * 1000 + index) * 1000;
      return block(
        6,
        pack([
          [4, 0],
          [4, Math.floor(ticks / 2 ** 32)],
          [4, ticks % 2 ** 32],
          [4, bytes.length],
          [4, size],
        ], little),
        bytes,
      );
    }),
  );
}
