/**
 * What the messages carry: a serial that no other message has, their size, and
 * bytes that follow from both, so that any of them can be told from any other
 * and from damage.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { Random } from "../harness/random.ts";

/** Bytes before the filling: the serial and the size, 4 bytes each. */
const HEAD = 8;
/** Bytes of the largest content. */
const LARGEST = 3 * 1024 * 1024;
/** Bytes of the smallest large one. */
const LARGE = 100 * 1024;
/** Bytes that the fillings are cut from; a prime, so that their starts spread. */
const POOL = 4_194_301;

/** Makes contents and recognises them. */
export class Contents {
  readonly #pool = new Uint8Array(POOL);
  #last = 0;

  constructor(random: Random) {
    const words = new Uint32Array(this.#pool.buffer, 0, POOL >> 2);
    for (let i = 0; i < words.length; i++) words[i] = random.next() * 2 ** 32;
  }

  /** A serial that wasn't given out before. */
  nextSerial(): number {
    return ++this.#last;
  }

  /** The content of a message. */
  make(serial: number, size: number): Uint8Array {
    const content = new Uint8Array(size);
    const head = new DataView(content.buffer);
    head.setUint32(0, serial, true);
    head.setUint32(4, size, true);
    content.set(this.#filling(serial, size), HEAD);
    return content;
  }

  /** The serial of an undamaged content, or undefined where it is none. */
  serialOf(content: Uint8Array): number | undefined {
    if (content.length < HEAD || content.length > LARGEST) return undefined;
    const head = new DataView(content.buffer, content.byteOffset, HEAD);
    const serial = head.getUint32(0, true);
    const filling = this.#filling(serial, content.length);
    return head.getUint32(4, true) === content.length &&
        equals(content.subarray(HEAD), filling)
      ? serial
      : undefined;
  }

  #filling(serial: number, size: number): Uint8Array {
    const start = serial * 7919 % (POOL - LARGEST);
    return this.#pool.subarray(start, start + size - HEAD);
  }
}

/** Bytes of a content: mostly what texts have, some as large as files. */
export function drawSize(random: Random): number {
  if (random.chance(0.01)) {
    return Math.floor(LARGE * (LARGEST / LARGE) ** random.next());
  }
  return random.chance(0.05)
    ? random.between(HEAD, 64)
    : random.between(200, 2048);
}
