import {
  type Field,
  record,
  u32,
  u8,
} from "../../../../../shared/wire/fields.ts";
import { clientId, messageId } from "../../../../../shared/wire/field_types.ts";
import type {
  MessageId,
  MessageType,
} from "../../../../../shared/wire/protocol.ts";
import { PART_SIZE } from "../../../store_rows.ts";
import {
  type NewMessage,
  type Quota,
  sendRefusals,
  type SendResult,
} from "../../../store.ts";
import { f64, mapped } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** A message, of whose content only the size is told: its bytes follow. */
interface Sending extends Omit<NewMessage, "content"> {
  quota: Quota;
  size: number;
}

const sendResult: Field<SendResult> = mapped(
  record<{ refusal: number; id: MessageId }>({ refusal: u8, id: messageId }),
  (result) =>
    "id" in result ? { refusal: 0, id: result.id } : {
      refusal: 1 + sendRefusals.indexOf(result.refused),
      id: 0 as MessageId,
    },
  ({ refusal, id }) => {
    const refused = sendRefusals[refusal - 1];
    return refused === undefined ? { id } : { refused };
  },
);

/** Keeps a message in its recipient's inbox. */
export const sendMessage: StoreCommand<Sending, SendResult> = {
  effect: "adds",
  fields: record<Sending>({
    recipient: clientId,
    sender: clientId,
    type: u8 as Field<number> as Field<MessageType>,
    quota: record<Quota>({ messages: f64, bytes: f64 }),
    size: u32,
  }),
  result: sendResult,
  contentSize: ({ size }) => size,
  prepare(database) {
    const message = database.prepare(
      "INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Rest, Arrived) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    const insertPart = database.prepare(
      "INSERT INTO parts (ToClient, ID, Part, Content) VALUES (?, ?, ?, ?)",
    );
    return {
      execute(
        { recipient, sender, type, quota, size },
        { inboxes, arrivals },
        content,
      ) {
        const result = inboxes.admit(recipient, size, quota);
        if ("refused" in result) return result;
        const { id } = result;
        const first = Math.min(size, PART_SIZE);
        const rest = size - first;
        const { now } = arrivals;
        message.run(id, recipient, sender, type, content(first), rest, now);
        for (let at = first, part = 1; at < size; at += PART_SIZE, part++) {
          const piece = content(Math.min(PART_SIZE, size - at));
          insertPart.run(recipient, id, part, piece);
        }
        return result;
      },
    };
  },
};
