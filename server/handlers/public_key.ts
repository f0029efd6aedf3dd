import { ResponseCode } from "../../shared/protocol.ts";
import { FAILURE } from "../../shared/responses.ts";
import type { Handler } from "./handler.ts";

/** 602: a client's public key, as it was registered. */
export const publicKey: Handler<"publicKey"> = async (
  { target },
  { store },
) => {
  const publicKey = await store.publicKey(target);
  if (publicKey === undefined) return { response: FAILURE };
  return {
    response: {
      code: ResponseCode.PublicKey,
      payload: { clientId: target, publicKey },
    },
  };
};
