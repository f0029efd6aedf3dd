import { ResponseCode } from "../../shared/protocol.ts";
import type { Handler } from "./handler.ts";

/** 601: everybody but the asker. */
export const clientsList: Handler<"clientsList"> = async (
  _payload,
  { store, client },
) => {
  const clients = await store.clientsBut(client);
  return {
    response: {
      code: ResponseCode.ClientsList,
      payload: clients.map(({ id, name }) => ({ clientId: id, name })),
    },
  };
};
