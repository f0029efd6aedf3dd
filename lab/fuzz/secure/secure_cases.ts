/**
 * Cases for a relay's secure port: how a connection begins, what goes over it,
 * in what pieces. A seed and a number decide them, as far as the accounts that
 * the relay has by then let.
 *
 * @module
 */

import { concat } from "@std/bytes";
import type { Random } from "../../harness/random.ts";
import { secureFrame } from "../../harness/secure/peer.ts";
import { changed } from "../decoders/inputs.ts";
import { secureProductions, type Source } from "./productions.ts";

/** How a connection begins: by itself, greeted, or authenticated. */
export const beginnings = ["open", "greeted", "authenticated"] as const;

/** How a connection begins. */
export type Beginning = typeof beginnings[number];

/** What an authenticated connection does mostly. */
const DAILY = ["send", "send", "fetch", "publish", "claim", "outcome"];
/** Bytes of a request's header. */
const HEADER = 23;

/** Draws how a connection begins. */
export function drawBeginning(random: Random): Beginning {
  return random.oneIn(4) ? random.pick(beginnings) : "authenticated";
}

/**
 * Makes the bytes of a case.
 *
 * @param labels receives the names of what it is made of
 */
export async function makeStream(
  source: Source,
  beginning: Beginning,
  labels: Set<string>,
): Promise<Uint8Array> {
  const { random, actor } = source;
  const names = Object.keys(secureProductions);
  const frames: Uint8Array[] = [];
  for (let left = random.between(1, 8); left > 0; left--) {
    const isDaily = beginning === "authenticated" && random.oneIn(2);
    const name = random.pick(isDaily ? DAILY : names);
    labels.add(name);
    const made = await secureProductions[name]?.(source) ?? new Uint8Array();
    frames.push(random.oneIn(4) ? mutated(made, random, labels) : made);
  }
  // What arrives next ends the wait of a fetch (BOX-3).
  frames.push(secureFrame("ping", {}, actor.identity.device));
  return concat(frames);
}

/** Changes a request: mostly its payload, with a header that fits it. */
function mutated(
  frame: Uint8Array,
  random: Random,
  labels: Set<string>,
): Uint8Array {
  if (random.oneIn(6)) {
    labels.add("changed anywhere");
    return changed(frame, random);
  }
  labels.add("changed payload");
  const payload = changed(frame.subarray(HEADER), random);
  const whole = concat([frame.subarray(0, HEADER), payload]);
  new DataView(whole.buffer).setUint32(19, payload.length, true);
  return whole;
}

/** Cuts bytes into pieces that are written one by one. */
export function pieces(stream: Uint8Array, random: Random): Uint8Array[] {
  if (random.oneIn(2)) return [stream];
  const most = random.pick([1, 50, 1400, 20_000]);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < stream.length && parts.length < 200;) {
    const size = random.between(1, most);
    parts.push(stream.subarray(at, at + size));
    at += size;
  }
  const written = parts.reduce((sum, { length }) => sum + length, 0);
  return [...parts, stream.subarray(written)];
}
