/**
 * Who takes part. A relay draws new ids in each run, so that streams are made
 * with stand-ins for them, which are replaced just before they are sent: a
 * seed then gives the same bytes each time.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  type ClientId,
} from "../../../shared/wire/protocol.ts";

/** How many clients are registered before the first case. */
export const CAST_SIZE = 4;

const FIRST = 0xc1;

/** What stands for each client's id in a stream: `c1` × 16 and so on. */
export const standIns: readonly ClientId[] = Array.from(
  { length: CAST_SIZE },
  (_, i) => new Uint8Array(CLIENT_ID_SIZE).fill(FIRST + i) as ClientId,
);

/** An unassigned id. */
export const STRANGER = new Uint8Array(CLIENT_ID_SIZE).fill(
  FIRST + CAST_SIZE,
) as ClientId;

/** The name of each client. */
export const castNames: readonly string[] = standIns.map((_, i) => `cast-${i}`);

/** A copy of the stream with ids in the places of their stand-ins. */
export function withIds(
  stream: Uint8Array,
  ids: readonly ClientId[],
): Uint8Array<ArrayBuffer> {
  const replaced = new Uint8Array(stream);
  let run = 0;
  for (let at = 0; at < stream.length; at++) {
    run = at > 0 && stream[at] === stream[at - 1] ? run + 1 : 1;
    const id = ids[(stream[at] ?? 0) - FIRST];
    if (id === undefined || run < CLIENT_ID_SIZE) continue;
    replaced.set(id, at + 1 - CLIENT_ID_SIZE);
    run = 0;
  }
  return replaced;
}
