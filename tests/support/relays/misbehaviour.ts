/** Answers of a server, good and bad, byte by byte. */

import { concat } from "@std/bytes";
import { encodeResponse, responseHeader } from "../../../shared/wire/frames.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  type Response,
  responseCodecs,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { BEN } from "../clients/ben.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import type { Asked } from "../../../lab/harness/scripted_server.ts";
import { PULL } from "../../../kit/requests.ts";

export const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
export const ANNA = idOf(0xa1);

export const utf8 = (text: string) => new TextEncoder().encode(text);
export const ok = (response: Response, version = 2) =>
  encodeResponse(response, { version });
export const refused = ok({ code: 9000, payload: {} });
export const registered = ok({ code: 2100, payload: { clientId: ANNA } });
export const listed = ok({
  code: 2101,
  payload: [{ clientId: BEN, name: "ben" }],
});
export const nothing = ok({ code: 2104, payload: [] });

/** An answer whose header claims something else than follows. */
export function lying(
  code: number,
  claim: number,
  body: Uint8Array,
): Uint8Array {
  const header = { version: 2, code, payloadSize: claim };
  return concat([responseHeader.encode(header), body]);
}

export const exactly = (code: number, body: Uint8Array) =>
  lying(code, body.length, body);

/** Answers each request code with fixed bytes, the messages one batch a pull. */
export function answers(
  codes: Record<number, Uint8Array | (() => Uint8Array)>,
  ...batches: (WaitingMessage[] | Uint8Array)[]
) {
  const defaults: typeof codes = { 600: registered, 601: listed };
  return async ({ header: { code } }: Asked, conn: Deno.TcpConn) => {
    let answer = codes[code] ?? defaults[code] ?? refused;
    if (code === 604 && codes[604] === undefined) {
      const batch = batches.shift();
      answer = batch === undefined
        ? nothing
        : batch instanceof Uint8Array
        ? batch
        : exactly(2104, responseCodecs[PULL].encode(batch));
    }
    await writeAll(conn, typeof answer === "function" ? answer() : answer);
  };
}
