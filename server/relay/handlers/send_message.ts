import { refuse, respond } from "../response.ts";
import type { Handler } from "./handler.ts";

/** 603: keeps a message until its recipient has received it. */
export const sendMessage: Handler<"sendMessage"> = async (
  { target, type, content },
  { store, client, limits, dialect },
) => {
  const sent = await store.send({
    recipient: target,
    sender: client,
    type,
    content,
  }, { messages: limits.maxWaiting, bytes: limits.maxWaitingBytes });
  if ("refused" in sent) return refuse(sent.refused);
  return respond("sendMessage", { target, messageId: sent.id }, dialect);
};
