/**
 * Fixtures that the processes of a bench share. A number identifies a user:
 * every process derives the same id and name from it.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  type ClientId,
  PUBLIC_KEY_SIZE,
} from "../../../shared/wire/protocol.ts";
import type { FramesPlan } from "./frames.ts";

/** Connections that are at work. */
export const CONNECTIONS = 64;
/** Users that are registered. */
export const USERS = 1000;
/** Bytes of a message's content. */
export const CONTENT_SIZE = 1024;
/** Different requests that are made before the clock runs. */
export const FRAMES = 16_384;

/** Texts between users drawn by chance. @param users how many there are */
export function texts(users: number = USERS): FramesPlan {
  return {
    kind: "sendMessage",
    users,
    contentSize: CONTENT_SIZE,
    count: FRAMES,
    order: "random",
  };
}

/** Public key of every user; the relay doesn't read it. */
export const PUBLIC_KEY: Uint8Array = new Uint8Array(PUBLIC_KEY_SIZE).fill(7);

/** A user's id: 16 pseudo-random bytes, unique for each number below 2³⁰. */
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
