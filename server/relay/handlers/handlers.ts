import type { RequestKind } from "../../../shared/wire/requests.ts";
import { clientsList } from "./clients_list.ts";
import type { Handler } from "./handler.ts";
import { publicKey } from "./public_key.ts";
import { register } from "./register.ts";
import { sendMessage } from "./send_message.ts";
import { waitingMessages } from "./waiting_messages.ts";

/** The handler of each kind of request. */
export const handlers: { readonly [K in RequestKind]: Handler<K> } = {
  register,
  clientsList,
  publicKey,
  sendMessage,
  waitingMessages,
};
