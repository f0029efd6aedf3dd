import { drawClientId } from "../../../shared/wire/protocol.ts";
import { refuse, respond } from "../response.ts";
import type { Handler } from "./handler.ts";

/**
 * 600: keeps a new client under an id that is drawn here. A registration that
 * comes again has the id of the first one, whose response may have been lost
 * (NAM-5): name, key and id are no secrets.
 */
export const register: Handler<"register"> = async (
  { name, publicKey },
  { store, registrations, address, now, dialect },
) => {
  if (!registrations.admit(address)) return refuse("registration_limit");
  const id = drawClientId();
  const isNew = await store.register({ id, name, publicKey }, now);
  const clientId = isNew ? id : await store.registeredId({ name, publicKey });
  if (clientId === undefined) return refuse("name_taken");
  return respond("register", { clientId }, dialect);
};
