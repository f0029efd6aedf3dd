import { drawClientId } from "../../shared/draw_client_id.ts";
import { ResponseCode } from "../../shared/protocol.ts";
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
