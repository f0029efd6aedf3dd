import { responseCode } from "../../../shared/wire/requests.ts";
import { type Handler, refuse } from "./handler.ts";

/** 603: keeps a message until its recipient takes it. */
export const sendMessage: Handler<"sendMessage"> = async (
  { target, type, content },
  { store, client, limits },
) => {
  const sent = await store.send({
    recipient: target,
    sender: client,
    type,
    content,
  }, { messages: limits.maxWaiting, bytes: limits.maxWaitingBytes });
  if ("refused" in sent) return refuse(sent.refused);
  return {
    response: {
      code: responseCode.sendMessage,
      payload: { target, messageId: sent.id },
    },
  };
};
