/**
 * The users of a bench, each known by a number alone: every process derives the
 * same id and name from it, so that no list has to be passed around.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  type ClientId,
  PUBLIC_KEY_SIZE,
} from "../../../shared/wire/protocol.ts";

/** The 160 bytes that stand for everybody's public key; the relay doesn't look at them. */
export const PUBLIC_KEY: Uint8Array = new Uint8Array(PUBLIC_KEY_SIZE).fill(7);

/** A user's id: 16 bytes that look drawn by chance, different for each number below 2³⁰. */
export function userId(index: number): ClientId {
  const id = new Uint8Array(CLIENT_ID_SIZE);
  const view = new DataView(id.buffer);
  for (let word = 0; word < 4; word++) {
    view.setUint32(4 * word, scatter(4 * index + word));
  }
  return id as Uint8Array as ClientId;
}

/** A user's name. */
export function userName(index: number): string {
  return `user-${index}`;
}

/** The last step of MurmurHash3: maps the integers of 32 bits one to one. */
function scatter(value: number): number {
  let hash = value ^ value >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}
