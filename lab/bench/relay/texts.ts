/**
 * The load that most measurements share.
 *
 * @module
 */

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
