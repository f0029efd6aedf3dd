import { waitingHead } from "../../../shared/wire/response_framer.ts";
import {
  type ClientId,
  WAITING_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import { runsOf } from "../../store/id_runs.ts";
import { PART_SIZE } from "../../store/store_rows.ts";
import type { HandedOut, Store, StoredMessage } from "../../store/store.ts";
import {
  respond,
  respondInPieces,
  type Response,
  type ResponsePiece,
} from "../response.ts";
import type { Context, Handler } from "./handler.ts";

const KIND = "waitingMessages";
/** Bytes of one response, about: some clients cap what they read (PUL-6). */
const RESPONSE_SIZE: number = 1024 * 1024;

/** 604: hands out the oldest messages; they are deleted once they are received. */
export const waitingMessages: Handler<"waitingMessages"> = async (
  _payload,
  context,
) => {
  const { store, client, memory } = context;
  const most = { bytes: RESPONSE_SIZE, perMessage: WAITING_OVERHEAD };
  const messages = await store.waiting(client, most, memory);
  const response = handOut(messages, context);
  if (messages.length === 0) return response;
  // By their ids: what came in since then still waits. Only the ids are kept
  // until the client has received them, not the contents.
  const handedOut: HandedOut = {
    runs: runsOf(messages.map(({ id }) => id)),
    bytes: messages.reduce((sum, { size }) => sum + size, 0),
  };
  return {
    ...response,
    async confirm(received) {
      if (await received) await store.delete(client, handedOut);
    },
  };
};

function handOut(
  messages: readonly StoredMessage[],
  { store, client, dialect }: Context,
): Response {
  const large = messages.find(({ size, content }) => content.length < size);
  if (large !== undefined) {
    // It fills a response by itself.
    const size = WAITING_OVERHEAD + large.size;
    const pieces = piecesOf(store, client, large);
    return respondInPieces(KIND, { size, pieces }, dialect);
  }
  const payload = messages.map(({ id, sender, type, content }) => ({
    sender,
    messageId: id,
    type,
    content,
  }));
  return respond(KIND, payload, dialect);
}

function* piecesOf(
  store: Store,
  client: ClientId,
  message: StoredMessage,
): Generator<ResponsePiece> {
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
