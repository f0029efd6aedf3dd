/**
 * Cases: what goes over one or more connections, and how.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import { SEND_OVERHEAD } from "../../../shared/wire/protocol.ts";
import { standIns } from "./cast.ts";
import { frame } from "./framing.ts";
import { productions, type Source } from "./grammar.ts";
import { CONTENT_AT } from "./layout.ts";
import { mutations } from "./mutations.ts";
import { Random } from "../../harness/random.ts";

/** How the bytes are written. */
export type Pacing =
  /** All in one write. */
  | "whole"
  /** In pieces, at sizes that `seed` decides. */
  | "pieces"
  /** A byte at a time. */
  | "bytes"
  /** Each request once the answer before it was read. */
  | "strict";

/** What the client does then. */
export type Ending =
  /** Reads all answers, then ends its half, and waits for the relay's end. */
  | "orderly"
  /** Ends its half at once, and reads all answers. */
  | "half-close"
  /** Reads all answers, then resets. */
  | "reset"
  /** Resets after so many bytes, reading nothing. */
  | "cut"
  /** Closes without having read anything. */
  | "unread"
  /** Reads nothing until another client was served, then all of it. */
  | "late"
  /** Reads all answers and stays connected, in silence. */
  | "linger";

/** One connection of a case. */
export interface Plan {
  /** What is sent, with stand-ins for ids. */
  stream: Uint8Array;
  pacing: Pacing;
  ending: Ending;
  /** Bytes that are sent where the ending is "cut". */
  cutAt: number;
  /** Decides where pieces begin. */
  seed: number;
}

/** A case: its connections, all at once. */
export interface FuzzCase {
  plans: Plan[];
  /** The productions, mutations and manners that made it. */
  labels: string[];
}

/** What the cases of a run have in common. */
export interface GrammarLimits {
  /** Bytes of the largest payload that the relay takes. */
  maxMessage: number;
}

const endings: readonly Ending[] = [
  "orderly",
  "orderly",
  "half-close",
  "reset",
  "cut",
  "unread",
  "late",
  "linger",
];
const readers: readonly Ending[] = ["orderly", "reset", "linger"];
const pacings: readonly Pacing[] = ["whole", "whole", "pieces", "strict"];

/** Most bytes that are sent a byte at a time. */
const SLOW_BYTES = 500;
/** Most bytes behind each of which a connection is reset. */
const MOST_SWEPT = 80;
/** Connections whose claims together are more than the relay may hold. */
const HOARDERS = 80;
/** What one write surely puts into the buffers, in bytes. */
const ONE_WRITE = 32 * 1024;

/** The case of this number under this seed: both decide it. */
export function makeCase(
  seed: number,
  index: number,
  { maxMessage }: GrammarLimits,
): FuzzCase {
  const random = new Random(seed, index);
  let names = 0;
  const source: Source = {
    random,
    maxMessage,
    newName: () => `n${index}-${names++}`,
  };
  const labels: string[] = [];
  if (random.oneIn(50)) return sweep(source);
  if (random.oneIn(100)) return hoard(source);
  const count = random.oneIn(4) ? random.between(2, 6) : 1;
  const plans = Array.from({ length: count }, () => makePlan(source, labels));
  if (count > 1) labels.push("several connections");
  return { plans, labels };
}

/** The same few requests, broken off behind each of their bytes. */
function sweep(source: Source): FuzzCase {
  const names = [source.random.pick(VALID), "pull"];
  const stream = concat(
    names.map((name) => productions[name]?.(source) ?? new Uint8Array()),
  ).subarray(0, MOST_SWEPT);
  const plans = Array.from({ length: stream.length + 1 }, (_, cutAt): Plan => ({
    stream,
    pacing: "whole",
    ending: "cut",
    cutAt,
    seed: 0,
  }));
  return { plans, labels: [...names, "broken off behind every byte"] };
}

/** Many who announce as much as they may, send no content, and stay. */
function hoard({ random, maxMessage }: Source): FuzzCase {
  const clientId = random.pick(standIns);
  const content = new Uint8Array(maxMessage - SEND_OVERHEAD);
  const stream = encodeRequest(
    "sendMessage",
    { target: clientId, type: 4, content },
    { clientId },
  ).slice(0, CONTENT_AT);
  const plan: Plan = {
    stream,
    pacing: "whole",
    ending: "late",
    cutAt: 0,
    seed: 0,
  };
  return { plans: Array(HOARDERS).fill(plan), labels: ["many large claims"] };
}

function makePlan(source: Source, labels: string[]): Plan {
  const { random, maxMessage } = source;
  let stream = makeStream(source, labels);
  let pacing = random.pick(pacings);
  if (stream.length <= SLOW_BYTES && random.oneIn(3)) pacing = "bytes";
  if (frame(stream, maxMessage).hasty) {
    pacing = "whole";
    stream = stream.subarray(0, ONE_WRITE);
  }
  const ending = random.pick(endings);
  // Who waits for each answer reads them all.
  if (pacing === "strict" && !readers.includes(ending)) pacing = "whole";
  // Every byte is a place to break off at, so short streams are swept finely.
  const cutAt = random.below(stream.length + 1);
  labels.push(`${pacing} pacing`, `${ending} ending`);
  return { stream, pacing, ending, cutAt, seed: random.u32() };
}

function makeStream(source: Source, labels: string[]): Uint8Array {
  const { random } = source;
  const make = (name: string) => {
    labels.push(name);
    return productions[name]?.(source) ?? new Uint8Array();
  };
  if (random.oneIn(40)) {
    labels.push("many in a row");
    const names = ["register", "list", "pull", "key request", "text"] as const;
    const count = random.between(20, 120);
    const name = random.pick(names);
    return concat(Array.from({ length: count }, () => make(name)));
  }
  const names = Object.keys(productions);
  const frames = Array.from({ length: random.between(1, 8) }, () => {
    const name = random.oneIn(2) ? random.pick(names) : random.pick(VALID);
    const made = make(name);
    if (!random.oneIn(3) || made.length === 0) return made;
    const change = random.pick(Object.keys(mutations));
    labels.push(change);
    const other = make(random.pick(VALID));
    return mutations[change]?.(made, source, other) ?? made;
  });
  return concat(frames);
}

/** Productions that ask for something that the relay does. */
const VALID = [
  "register",
  "list",
  "public key",
  "pull",
  "pull",
  "key request",
  "key",
  "text",
  "file",
] as const;

/** A case as it is printed: enough to send it again by hand. */
export function describeCase({ plans }: FuzzCase): string {
  const first = new Map<string, number>();
  return plans.map(({ stream, pacing, ending, cutAt }, i) => {
    const hex = encodeHex(stream);
    const same = first.get(hex);
    if (same === undefined) first.set(hex, i);
    const after = ending === "cut" ? ` after ${cutAt} bytes` : "";
    const bytes = same === undefined ? hex : `the bytes of connection ${same}`;
    return `connection ${i}: ${stream.length} bytes, ${pacing} pacing, ` +
      `${ending} ending${after}\n${bytes}`;
  }).join("\n");
}
