import { ResponseCode, WAITING_OVERHEAD } from "../../shared/protocol.ts";
import type { Handler } from "./handler.ts";

/** Bytes of one answer, about: some clients cap what they read (section 3, point 7). */
const ANSWER_SIZE = 1024 * 1024;

/** 604: hands out the oldest messages; they are deleted once they are taken. */
export const waitingMessages: Handler<"waitingMessages"> = async (
  _payload,
  { store, client },
) => {
  const messages = await store.waiting(client, {
    bytes: ANSWER_SIZE,
    perMessage: WAITING_OVERHEAD,
  });
  // By the ids handed out: what came in since then still waits. Only the ids
  // are kept until then, not the contents.
  const ids = messages.map(({ id }) => id);
  return {
    response: {
      code: ResponseCode.WaitingMessages,
      payload: messages.map(({ id, sender, type, content }) => ({
        sender,
        messageId: id,
        type,
        content,
      })),
    },
    ...ids.length > 0 && { taken: () => store.remove(client, ids) },
  };
};
