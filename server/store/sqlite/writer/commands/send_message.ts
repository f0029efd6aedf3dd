import {
  type DeviceId,
  deviceId,
} from "../../../../../shared/secure/secure_protocol.ts";
import {
  type Field,
  list,
  record,
  u32,
  u8,
} from "../../../../../shared/wire/fields.ts";
import { clientId, messageId } from "../../../../../shared/wire/field_types.ts";
import type {
  MessageId,
  MessageType,
} from "../../../../../shared/wire/protocol.ts";
import {
  type NewMessage,
  type Quota,
  sendRefusals,
  type SendResult,
} from "../../../store.ts";
import { f64, mapped } from "../fields.ts";
import { MessageInserter } from "../message_inserter.ts";
import { type Delivery, LegacyMail } from "../secure/legacy_mail.ts";
import type { StoreCommand } from "../store_command.ts";

/** What gets no mail. */
const NO_DEVICES: readonly DeviceId[] = [];

/** A message, of whose content only the size is told: its bytes follow. */
interface Sending extends Omit<NewMessage, "content"> {
  quota: Quota;
  size: number;
}

/** The result of a send. */
export const sendResult: Field<SendResult> = mapped(
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

/**
 * Keeps a message in its recipient's inbox, or in the mailboxes of a secure
 * account.
 */
export const sendMessage: StoreCommand<Sending, Delivery> = {
  effect: "adds",
  fields: record<Sending>({
    recipient: clientId,
    sender: clientId,
    type: u8 as Field<number> as Field<MessageType>,
    quota: record<Quota>({ messages: f64, bytes: f64 }),
    size: u32,
  }),
  result: record<Delivery>({ result: sendResult, devices: list(deviceId) }),
  contentSize: ({ size }) => size,
  prepare(database) {
    const messages = new MessageInserter(database);
    const mail = new LegacyMail(database);
    return {
      execute(message, transaction, content) {
        if (transaction.inboxes.isSecured(message.recipient)) {
          return mail.keep(message, transaction, content);
        }
        const result = messages.insert(message, transaction, content);
        return { result, devices: NO_DEVICES };
      },
    };
  },
};
