import {
  CLIENT_ID_SIZE,
  type ClientId,
  ResponseCode,
} from "../../shared/protocol.ts";
import { type Handler, refuse } from "./handler.ts";

/** 600: keeps a new client under an id that is drawn here. */
export const register: Handler<"register"> = async (
  { name, publicKey },
  { store, registrations, address, now },
) => {
  if (!registrations.admit(address)) return refuse("registration_limit");
  const id = drawClientId();
  return await store.register({ id, name, publicKey }, now)
    ? {
      response: { code: ResponseCode.Registered, payload: { clientId: id } },
    }
    : refuse("name_taken");
};

/** A UUID v4 without a zero byte: some clients keep ids in C strings (CID-2, CID-3). */
function drawClientId(): ClientId {
  for (;;) {
    const id = crypto.getRandomValues(new Uint8Array(CLIENT_ID_SIZE));
    id[6] = (id[6] ?? 0) & 0x0f | 0x40;
    id[8] = (id[8] ?? 0) & 0x3f | 0x80;
    if (!id.includes(0)) return id as Uint8Array as ClientId;
  }
}
