import { responseCode } from "../../../shared/wire/requests.ts";
import { type Handler, refuse } from "./handler.ts";

/** 602: a client's public key, as it was registered. */
export const publicKey: Handler<"publicKey"> = async (
  { target },
  { store },
) => {
  const publicKey = await store.publicKey(target);
  if (publicKey === undefined) return refuse("unknown_target");
  return {
    response: {
      code: responseCode.publicKey,
      payload: { clientId: target, publicKey },
    },
  };
};
