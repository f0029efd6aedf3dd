import type { Direction } from "../dissect/anatomy.ts";
import type { Segment } from "./tcp_segment.ts";
import { type Stretch, TcpStream } from "./tcp_stream.ts";

/** A stretch of one of the two directions. */
export type Passage = Stretch & { readonly direction: Direction };

/** A TCP connection, put together from what was captured of it. */
export class TcpConnection {
  readonly #streams = new Map<string, TcpStream>();
  readonly #port: number;
  #client: string | undefined;
  readonly #ends: [string, string];

  /**
   * @param segment the first one that was captured
   * @param port where a relay listens, unless the connection's beginning says
   */
  constructor(segment: Segment, port: number) {
    this.#ends = [segment.from, segment.to];
    this.#port = port;
  }

  /** Whether this segment opens another connection between the same two ends. */
  isReopenedBy({ from, isSyn, isAck, sequence }: Segment): boolean {
    const initial = this.#streams.get(from)?.initial;
    return isSyn && !isAck && initial !== undefined && initial !== sequence;
  }

  /** Takes a segment, from a packet of that number. */
  push(segment: Segment, index: number): void {
    const { from, to, sequence, isSyn, isAck } = segment;
    const stream = this.#stream(from);
    if (isSyn) {
      stream.begin(sequence);
      this.#client ??= isAck ? to : from;
    }
    const start = isSyn ? (sequence + 1) >>> 0 : sequence;
    if (segment.size > 0) stream.push(start, segment.data, index);
    const end = (start + segment.size) >>> 0;
    if (segment.isFin) stream.end(end, index);
    if (segment.isReset) stream.reset(index);
  }

  #stream(from: string): TcpStream {
    const stream = this.#streams.get(from) ?? new TcpStream();
    this.#streams.set(from, stream);
    return stream;
  }

  /** Who asks. */
  get client(): string {
    if (this.#client !== undefined) return this.#client;
    const [one, other] = this.#ends;
    if (portOf(one) === this.#port) return other;
    if (portOf(other) === this.#port) return one;
    // Systems give clients high numbers.
    return portOf(one) > portOf(other) ? one : other;
  }

  /** Who answers. */
  get server(): string {
    const [one, other] = this.#ends;
    return this.client === one ? other : one;
  }

  /** What passed in both directions, in the order in which it became whole. */
  passages(): Passage[] {
    const of = (end: string, direction: Direction) =>
      [...this.#streams.get(end)?.stretches() ?? []].map((stretch) => ({
        ...stretch,
        direction,
      }));
    return [...of(this.client, "request"), ...of(this.server, "answer")]
      .sort((a, b) => a.index - b.index);
  }

  /** Whether an end has that port. */
  has(port: number): boolean {
    return this.#ends.some((end) => portOf(end) === port);
  }
}

function portOf(end: string): number {
  return Number(end.slice(end.lastIndexOf(":") + 1));
}
