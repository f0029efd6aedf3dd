import { Conversation, type Finding } from "../dissect/conversation.ts";
import { ipPacket } from "./link_layer.ts";
import type { Note, Packet } from "./packet.ts";
import { isPcap, pcapPackets } from "./pcap_file.ts";
import { isPcapng, pcapngPackets } from "./pcapng_file.ts";
import { type Passage, TcpConnection } from "./tcp_connection.ts";
import { tcpSegment } from "./tcp_segment.ts";

/** What a capture holds, in the order in which it became whole. */
export type Captured =
  | {
    readonly connection: number;
    readonly client: string;
    readonly server: string;
  }
  | {
    readonly connection: number;
    /** When, in milliseconds since 1970; undefined where nobody knows. */
    readonly time: number | undefined;
    readonly finding: Finding;
  };

/** Whether bytes begin a file of either format. */
export function isCapture(bytes: Uint8Array): boolean {
  return isPcap(bytes) || isPcapng(bytes);
}

/** How a capture is read. */
export interface CaptureOptions {
  /** Where a relay listens, for connections whose beginning wasn't captured. */
  readonly port: number;
  /** Whether only connections of that port are told. */
  readonly only: boolean;
  /** Is told what can't be read. */
  readonly note: Note;
}

/**
 * The frames of all connections in a capture.
 *
 * @throws {Error} where it is none
 */
export function* captured(
  bytes: Uint8Array,
  { port, only, note }: CaptureOptions,
): Generator<Captured> {
  const packets = (isPcapng(bytes) ? pcapngPackets : pcapPackets)(bytes, note);
  const { all, times } = connectionsIn(packets, port, note);
  const connections = all.filter((connection) => !only || connection.has(port));
  if (connections.length === 0) note("No TCP connection is in this capture");
  const conversations = connections.map(() => new Conversation());
  const told = new Set<number>();
  for (const { number, passage } of inOrder(connections)) {
    const connection = number + 1;
    const { client = "", server = "" } = connections[number] ?? {};
    if (!told.has(number)) yield { connection, client, server };
    told.add(number);
    const time = times[passage.index];
    for (const finding of findings(conversations[number], passage)) {
      yield { connection, time, finding };
    }
  }
  for (const [number, conversation] of conversations.entries()) {
    for (const finding of conversation.stop()) {
      yield { connection: number + 1, time: undefined, finding };
    }
  }
}

/** Of a packet only its time is kept, and what it carries: there may be millions. */
function connectionsIn(
  packets: Iterable<Packet>,
  port: number,
  note: Note,
): { all: TcpConnection[]; times: (number | undefined)[] } {
  const all: TcpConnection[] = [];
  const times: (number | undefined)[] = [];
  const open = new Map<string, TcpConnection>();
  const unknown = new Map<number | undefined, number>();
  for (const { linkType, bytes, time } of packets) {
    const index = times.push(time) - 1;
    const packet = linkType === undefined ? null : ipPacket(linkType, bytes);
    if (packet === null) {
      unknown.set(linkType, (unknown.get(linkType) ?? 0) + 1);
    }
    const segment = packet ? tcpSegment(packet) : undefined;
    if (segment === undefined) continue;
    const key = [segment.from, segment.to].sort().join(" ");
    let connection = open.get(key);
    if (connection === undefined || connection.isReopenedBy(segment)) {
      connection = new TcpConnection(segment, port);
      open.set(key, connection);
      all.push(connection);
    }
    connection.push(segment, index);
  }
  for (const [linkType, count] of unknown) {
    const which = linkType === undefined
      ? "an interface that the capture doesn't describe"
      : `link type ${linkType}`;
    note(`${count} packets of ${which} can't be read; they are left out`);
  }
  return { all, times };
}

/** The passages of all connections, by the packets that completed them. */
function inOrder(
  connections: readonly TcpConnection[],
): { number: number; passage: Passage }[] {
  return connections
    .flatMap((connection, number) =>
      connection.passages().map((passage) => ({ number, passage }))
    )
    .sort((a, b) => a.passage.index - b.passage.index);
}

function findings(
  conversation: Conversation | undefined,
  passage: Passage,
): Finding[] {
  switch (passage.kind) {
    case "data":
      return conversation?.push(passage.direction, passage.bytes) ?? [];
    case "gap":
      return conversation?.gap(passage.direction, passage.size) ?? [];
    case "end":
      return conversation?.end(passage.direction, passage.isReset) ?? [];
  }
}
