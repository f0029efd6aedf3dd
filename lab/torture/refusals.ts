/**
 * Requests that must get a 9000, and messages that no inbox may ever show.
 *
 * @module
 */

import { encodeRequest } from "../../shared/wire/frames.ts";
import {
  type ClientId,
  REQUEST_HEADER_SIZE,
  ZERO_ID,
} from "../../shared/wire/protocol.ts";
import { type Contents, drawSize } from "./contents.ts";
import type { Registered } from "./people.ts";
import type { Random } from "../harness/random.ts";

/** An id that no client has: it holds zeros. */
const STRANGER = ZERO_ID;
/** Bytes of a 603 before its type. */
const TYPE_OFFSET = REQUEST_HEADER_SIZE + STRANGER.length;
/** A type that no message has. */
const NO_TYPE = 9;

/** A request that must be refused. */
export function refusedBytes(
  random: Random,
  contents: Contents,
  { by, other }: { by: Registered; other: Registered },
): Uint8Array<ArrayBuffer> {
  switch (random.between(1, 4)) {
    case 1: {
      const { name } = other;
      const publicKey = new Uint8Array(160);
      return encodeRequest("register", { name, publicKey }, {
        clientId: ZERO_ID,
      });
    }
    case 2:
      return untracked(random, contents, by.id, STRANGER);
    case 3:
      return untracked(random, contents, STRANGER, by.id);
    default: {
      const bytes = untracked(random, contents, by.id, other.id);
      bytes[TYPE_OFFSET] = NO_TYPE;
      return bytes;
    }
  }
}

/** A message of which no inbox knows: wherever it turns up it is unknown. */
export function untracked(
  random: Random,
  contents: Contents,
  clientId: ClientId,
  target: ClientId,
): Uint8Array<ArrayBuffer> {
  const content = contents.make(contents.nextSerial(), drawSize(random));
  return encodeRequest("sendMessage", { target, type: 3, content }, {
    clientId,
  });
}
