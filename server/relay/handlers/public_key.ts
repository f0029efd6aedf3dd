import { refuse, respond } from "../response.ts";
import type { Handler } from "./handler.ts";

/** 602: a client's public key, as it was registered. */
export const publicKey: Handler<"publicKey"> = async (
  { target },
  { store, dialect },
) => {
  const publicKey = await store.publicKey(target);
  if (publicKey === undefined) return refuse("unknown_target");
  const payload = { clientId: target, publicKey };
  return respond("publicKey", payload, dialect);
};
