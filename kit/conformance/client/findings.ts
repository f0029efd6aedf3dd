/**
 * What steps look for again and again.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { MessageType } from "../../../shared/wire/protocol.ts";
import type { RequestKind } from "../../../shared/wire/requests.ts";
import { type Arrival, messageOf, targetOf } from "./arrival.ts";
import type { Person } from "./person.ts";
import type { Finding, Scene } from "./step.ts";

/** The requests of a kind. */
export function ofKind(
  arrivals: readonly Arrival[],
  kind: RequestKind,
): Arrival[] {
  return arrivals.filter((arrival) => arrival.kind === kind);
}

/** The requests of a kind that are about somebody. */
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

/** The messages of a type for somebody. */
export function messagesFor(
  arrivals: readonly Arrival[],
  person: Person | undefined,
  type: MessageType,
): Arrival[] {
  return about(arrivals, "sendMessage", person).filter((arrival) =>
    messageOf(arrival)?.type === type
  );
}

/** A failure where a request didn't come. */
export function cameOrFails(
  what: string,
  arrivals: readonly Arrival[],
  scene: Scene,
): Finding {
  if (arrivals.length > 0) return undefined;
  const last = scene.arrived.slice(-2);
  if (
    last.length > 0 && scene.arrived.every(({ kind }) => kind === undefined)
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

/** A failure where a driven client didn't print a text; nothing where it isn't driven. */
export function printedOrFails(
  scene: Scene,
  texts: readonly string[],
): Finding {
  const { output } = scene;
  if (output === undefined) return undefined;
  const missing = texts.find((text) => !output.includes(text));
  if (missing === undefined) return undefined;
  return {
    fails: `it didn't print ${JSON.stringify(missing)}`,
    at: scene.arrived.slice(-2),
  };
}

/**
 * A check of what clients of older semesters don't have: files.
 *
 * @returns what it skips for, where the client's menu doesn't speak of them
 */
export const withoutFiles = ({ output }: Scene): Finding =>
  output === undefined || /file/i.test(output)
    ? undefined
    : { skips: "it offers no files, and needn't" };

/** Whether a client has printed all of these texts, as far as that can be seen. */
export function shows(...texts: string[]): (scene: Scene) => boolean {
  return (scene) => printedOrFails(scene, texts) === undefined;
}
