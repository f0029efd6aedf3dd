import type { Dissection } from "./dissector.ts";
import { clientText, isZeros } from "./meaning.ts";
import { type Names, plainName } from "./names.ts";

/** The sender of a request. */
export interface Requester {
  /** Its id; undefined if the request has none, or zeros. */
  readonly id: Uint8Array | undefined;
  /** The name that it registers. */
  readonly name: Uint8Array | undefined;
}

/** The sender of a request; its bytes are copies. */
export function requesterIn(request: Dissection): Requester {
  const id = partOf(request, "header.clientId");
  return {
    id: id === undefined || isZeros(id) ? undefined : id.slice(),
    name: partOf(request, "payload.name")?.slice(),
  };
}

/** Formats a requester: its name, or else the start of its id. */
export function requesterText(
  { id, name }: Requester,
  names: Names,
): string | undefined {
  if (name !== undefined) return plainName(name);
  return id && clientText(id, names);
}

/** The bytes of a frame's field by its path. */
export function partOf(
  { parts }: Dissection,
  path: string,
): Uint8Array | undefined {
  return parts.find((part) => part.path === path)?.bytes;
}
