/**
 * Findings that several steps share.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { MessageType } from "../../../shared/wire/protocol.ts";
import type { RequestKind } from "../../../shared/wire/requests.ts";
import { type Arrival, messageOf, targetOf } from "./arrival.ts";
import type { Person } from "./person.ts";
import type { Finding, Observed } from "./step.ts";

/** The requests of a kind. */
export function ofKind(
  arrivals: readonly Arrival[],
  kind: RequestKind,
): Arrival[] {
  return arrivals.filter((arrival) => arrival.kind === kind);
}

/** The requests of a kind with a person as their target. */
export function about(
  arrivals: readonly Arrival[],
  kind: "publicKey" | "sendMessage",
  person: Person | undefined,
): Arrival[] {
  return ofKind(arrivals, kind).filter((arrival) => {
    const target = targetOf(arrival);
    return person !== undefined && target !== undefined &&
      equals(target, person.clientId);
  });
}

/** The messages of a type for a person. */
export function messagesFor(
  arrivals: readonly Arrival[],
  person: Person | undefined,
  type: MessageType,
): Arrival[] {
  return about(arrivals, "sendMessage", person).filter((arrival) =>
    messageOf(arrival)?.type === type
  );
}

/** Fails if a request didn't arrive. */
export function cameOrFails(
  what: string,
  arrivals: readonly Arrival[],
  observed: Observed,
): Finding {
  if (arrivals.length > 0) return undefined;
  const last = observed.arrived.slice(-2);
  if (
    last.length > 0 && observed.arrived.every(({ kind }) => kind === undefined)
  ) {
    return { skips: "what came can't be read: see code" };
  }
  return {
    fails: last.length === 0
      ? `no ${what} came, nor any other request`
      : `no ${what} came`,
    at: last,
  };
}

/** Fails if a driven client didn't print the texts. */
export function printedOrFails(
  observed: Observed,
  texts: readonly string[],
): Finding {
  const { output } = observed;
  if (output === undefined) return undefined;
  const missing = texts.find((text) => !output.includes(text));
  if (missing === undefined) return undefined;
  return {
    fails: `it didn't print ${JSON.stringify(missing)}`,
    at: observed.arrived.slice(-2),
  };
}

/**
 * Skips a check of files, which clients of older semesters don't have.
 *
 * @returns undefined if the client's menu mentions files
 */
export const withoutFiles = ({ output }: Observed): Finding =>
  output === undefined || /file/i.test(output)
    ? undefined
    : { skips: "it offers no files, and needn't" };

/** Whether a client has printed all of these texts; true if its output is unknown. */
export function shows(...texts: string[]): (observed: Observed) => boolean {
  return (observed) => printedOrFails(observed, texts) === undefined;
}
