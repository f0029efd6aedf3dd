import { CLIENT_ID_SIZE, type ClientId } from "./protocol.ts";

/** Draws a UUID v4 without a zero byte: some clients keep ids in C strings (CID-2, CID-3). */
export function drawClientId(): ClientId {
  for (;;) {
    const id = crypto.getRandomValues(new Uint8Array(CLIENT_ID_SIZE));
    id[6] = (id[6] ?? 0) & 0x0f | 0x40;
    id[8] = (id[8] ?? 0) & 0x3f | 0x80;
    if (!id.includes(0)) return id as Uint8Array as ClientId;
  }
}
