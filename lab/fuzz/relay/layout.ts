/**
 * Where the fields stand that are lied about, in bytes from the start of a
 * frame whose header has 23 bytes (sections 4 to 7 of docs/protocol.md).
 *
 * @module
 */

import { type Dialect, dialectNamed } from "../../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  REQUEST_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";

/** What pads to blocks. */
export const BLOCKS: Dialect = dialectNamed("blocks");
/** The client's version, 1 byte. */
export const VERSION_AT = CLIENT_ID_SIZE;
/** The request's code, 2 bytes. */
export const CODE_AT: number = VERSION_AT + 1;
/** The payload's size, 4 bytes. */
export const SIZE_AT: number = CODE_AT + 2;
/** The name in a registration. */
export const NAME_AT = REQUEST_HEADER_SIZE;
/** The type of a message in a 603, 1 byte. */
export const TYPE_AT: number = REQUEST_HEADER_SIZE + CLIENT_ID_SIZE;
/** The size of a message's content in a 603, 4 bytes. */
export const CONTENT_SIZE_AT: number = TYPE_AT + 1;
/** The content of a message in a 603. */
export const CONTENT_AT: number = REQUEST_HEADER_SIZE + SEND_OVERHEAD;

/** A view of the same bytes, for integers of more than one. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
