import { CUT_OFF, type Note, type Packet, viewOf } from "./packet.ts";

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
/** The option of an interface that says how fine its times are. */
const RESOLUTION = 9;
/** Bytes of a block beside its body: type and size before it, size behind it. */
const BLOCK_OVERHEAD = 12;

/** What a section says of one of its interfaces. */
interface Interface {
  readonly linkType: number;
  /** Milliseconds in a unit of its times. */
  readonly unit: number;
}

/** Whether these bytes begin a file of Wireshark's format. */
export function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0) === SECTION;
}

/**
 * The packets of such a file.
 *
 * @throws {Error} where its blocks don't hold together
 */
export function* pcapngPackets(
  bytes: Uint8Array,
  note: Note,
): Generator<Packet> {
  const file = viewOf(bytes);
  let little = true;
  let interfaces: Interface[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + BLOCK_OVERHEAD > bytes.length) return note(CUT_OFF);
    // A section's type reads alike in both orders.
    const isSection = file.getUint32(at) === SECTION;
    if (isSection) {
      little = file.getUint32(at + 8, true) === BYTE_ORDER;
      interfaces = [];
    }
    const type = file.getUint32(at, little);
    const size = file.getUint32(at + 4, little);
    if (size < BLOCK_OVERHEAD || size % 4 !== 0) {
      throw new Error(
        `Expected a block of pcapng ${at} bytes into the file, got a size of ${size}`,
      );
    }
    if (size > bytes.length - at) return note(CUT_OFF);
    const body = bytes.subarray(at + 8, at + size - 4);
    at += size;
    if (isSection) continue;
    if (type === INTERFACE) interfaces.push(interfaceIn(body, little));
    const packet = packetIn(type, body, little, interfaces);
    if (packet !== undefined) yield packet;
  }
}

function packetIn(
  type: number,
  body: Uint8Array,
  little: boolean,
  interfaces: readonly Interface[],
): Packet | undefined {
  const view = viewOf(body);
  if (type === SIMPLE_PACKET && body.length >= 4) {
    const [only] = interfaces;
    const size = Math.min(view.getUint32(0, little), body.length - 4);
    return {
      time: undefined,
      linkType: only?.linkType,
      bytes: body.subarray(4, 4 + size),
    };
  }
  if (type !== PACKET && type !== OLD_PACKET || body.length < 20) {
    return undefined;
  }
  const from = interfaces[
    type === PACKET ? view.getUint32(0, little) : view.getUint16(0, little)
  ];
  const ticks = view.getUint32(4, little) * 2 ** 32 + view.getUint32(8, little);
  const size = Math.min(view.getUint32(12, little), body.length - 20);
  return {
    time: from && ticks * from.unit,
    linkType: from?.linkType,
    bytes: body.subarray(20, 20 + size),
  };
}

function interfaceIn(body: Uint8Array, little: boolean): Interface {
  const view = viewOf(body);
  if (body.length < 8) return { linkType: -1, unit: 1e-3 };
  const linkType = view.getUint16(0, little);
  for (let at = 8; at + 4 <= body.length;) {
    const code = view.getUint16(at, little);
    const size = view.getUint16(at + 2, little);
    const value = body[at + 4];
    if (code === RESOLUTION && value !== undefined) {
      const power = value & 0x7f;
      const unit = (value & 0x80) === 0 ? 10 ** -power : 2 ** -power;
      return { linkType, unit: 1e3 * unit };
    }
    if (code === 0) break;
    at += 4 + Math.ceil(size / 4) * 4;
  }
  return { linkType, unit: 1e-3 };
}
