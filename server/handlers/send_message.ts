import { ResponseCode } from "../../shared/protocol.ts";
import { FAILURE } from "../../shared/responses.ts";
import type { Handler } from "./handler.ts";

/** 603: keeps a message until its recipient takes it. */
export const sendMessage: Handler<"sendMessage"> = async (
  { target, type, content },
  { store, client, limits },
) => {
  const messageId = await store.send({
    recipient: target,
    sender: client,
    type,
    content,
  }, { messages: limits.maxWaiting, bytes: limits.maxWaitingBytes });
  if (messageId === undefined) return { response: FAILURE };
  return {
    response: {
      code: ResponseCode.MessageSent,
      payload: { target, messageId },
    },
  };
};
