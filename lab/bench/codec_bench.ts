/** How fast requests and answers are written and read. */

import { decodeResponse } from "../harness/responses.ts";
import {
  decodeRequest,
  encodeRequest,
  encodeResponse,
  requestHeader,
} from "../../shared/wire/frames.ts";
import type { ClientId, MessageId } from "../../shared/wire/protocol.ts";
import type { Response } from "../../shared/wire/requests.ts";

const id = crypto.getRandomValues(new Uint8Array(16)) as Uint8Array as ClientId;
const content = crypto.getRandomValues(new Uint8Array(1024));
const message = { target: id, type: 3, content } as const;
const send = encodeRequest("sendMessage", message, { clientId: id });

const lists: Record<string, Response> = {
  "2101 with 1,000 clients": {
    code: 2101,
    payload: Array.from(
      { length: 1000 },
      (_, i) => ({ clientId: id, name: `user-${i}` }),
    ),
  },
  "2104 with 10 texts of 1 KiB": {
    code: 2104,
    payload: Array.from(
      { length: 10 },
      (_, i) => ({
        sender: id,
        messageId: i as MessageId,
        type: 3,
        content,
      }),
    ),
  },
};

Deno.bench("603 with 1 KiB: encode", { group: "603" }, () => {
  encodeRequest("sendMessage", message, { clientId: id });
});

Deno.bench("603 with 1 KiB: decode", { group: "603" }, () => {
  requestHeader.decode(send.subarray(0, 23));
  decodeRequest("sendMessage", send.subarray(23));
});

for (const [name, response] of Object.entries(lists)) {
  const payload = encodeResponse(response).subarray(7);
  Deno.bench(`${name}: encode`, { group: name }, () => {
    encodeResponse(response);
  });
  Deno.bench(`${name}: decode`, { group: name }, () => {
    decodeResponse(response.code, payload);
  });
}
