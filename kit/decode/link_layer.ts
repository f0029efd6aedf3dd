import { viewOf } from "./packet.ts";

/** Kinds of networks, by tcpdump's numbers. */
const Link = {
  Null: 0,
  Ethernet: 1,
  Raw: [12, 14, 101, 228, 229],
  Loop: 108,
  Cooked: 113,
  Cooked2: 276,
} as const;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
/** What stands in a type's place where a tag of 4 bytes comes before it. */
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

/**
 * The IP packet in a packet of a network; undefined where it has none, null
 * where networks of this kind can't be read.
 */
export function ipPacket(
  linkType: number,
  bytes: Uint8Array,
): Uint8Array | undefined | null {
  if ((Link.Raw as readonly number[]).includes(linkType)) return bytes;
  switch (linkType) {
    case Link.Null:
    case Link.Loop:
      return bytes.subarray(4);
    case Link.Ethernet:
      return behindType(bytes, 12, 14);
    case Link.Cooked:
      return behindType(bytes, 14, 16);
    case Link.Cooked2:
      return behindType(bytes, 0, 20);
    default:
      return null;
  }
}

/** What follows, where the type of what follows says IP. */
function behindType(
  bytes: Uint8Array,
  typeAt: number,
  end: number,
): Uint8Array | undefined {
  if (bytes.length < end) return undefined;
  const view = viewOf(bytes);
  let type = view.getUint16(typeAt);
  let start = end;
  while (TAGS.has(type) && start + 4 <= bytes.length) {
    type = view.getUint16(start + 2);
    start += 4;
  }
  return type === IPV4 || type === IPV6 ? bytes.subarray(start) : undefined;
}
