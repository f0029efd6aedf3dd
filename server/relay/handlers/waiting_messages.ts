import { waitingHead } from "../../../shared/wire/contents.ts";
import {
  type ClientId,
  WAITING_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import { responseCode } from "../../../shared/wire/requests.ts";
import { PART_SIZE } from "../../store/layout.ts";
import { runsOf } from "../../store/id_runs.ts";
import type { HandedOut, Store, StoredMessage } from "../../store/store.ts";
import type { Answer, AnswerPiece, Handler } from "./handler.ts";

/** Bytes of one answer, about: some clients cap what they read (PUL-6). */
const ANSWER_SIZE: number = 1024 * 1024;

/** 604: hands out the oldest messages; they are deleted once they are taken. */
export const waitingMessages: Handler<"waitingMessages"> = async (
  _payload,
  { store, client, memory },
) => {
  const most = { bytes: ANSWER_SIZE, perMessage: WAITING_OVERHEAD };
  const messages = await store.waiting(client, most, memory);
  // By the ids handed out: what came in since then still waits. Only the ids
  // are kept until then, not the contents.
  const taken: HandedOut = {
    runs: runsOf(messages.map(({ id }) => id)),
    bytes: messages.reduce((sum, { size }) => sum + size, 0),
  };
  const response = respond(store, client, messages);
  if (messages.length === 0) return { response };
  return {
    response,
    taken: () => store.delete(client, taken),
  };
};

function respond(
  store: Store,
  client: ClientId,
  messages: readonly StoredMessage[],
): Answer["response"] {
  const code = responseCode.waitingMessages;
  const large = messages.find(({ size, content }) => content.length < size);
  if (large !== undefined) {
    // It fills an answer by itself.
    const payloadSize = WAITING_OVERHEAD + large.size;
    return { code, payloadSize, pieces: piecesOf(store, client, large) };
  }
  return {
    code,
    payload: messages.map(({ id, sender, type, content }) => ({
      sender,
      messageId: id,
      type,
      content,
    })),
  };
}

function* piecesOf(
  store: Store,
  client: ClientId,
  message: StoredMessage,
): Generator<AnswerPiece> {
  const { id, sender, type, size, content } = message;
  const head = { sender, messageId: id, type, contentSize: size };
  yield { memory: 0, read: () => waitingHead.encode(head) };
  // There was room for it before it was read.
  yield { memory: 0, read: () => content };
  const rest = store.rest(client, message)[Symbol.asyncIterator]();
  for (let left = size - content.length; left > 0;) {
    const read = async () => {
      const { value = new Uint8Array(0) } = await rest.next();
      left -= value.length;
      return value;
    };
    yield { memory: Math.min(left, PART_SIZE), read };
  }
}
