import { equals } from "@std/bytes";
import {
  deviceId,
  HASH_SIZE,
  SendingState,
  uid,
} from "../../../../../../shared/secure/secure_protocol.ts";
import { clientId } from "../../../../../../shared/wire/field_types.ts";
import {
  bytes,
  type Field,
  record,
  u32,
  u8,
} from "../../../../../../shared/wire/fields.ts";
import type {
  MessageId,
  MessageType,
} from "../../../../../../shared/wire/protocol.ts";
import type {
  LegacySendingResult,
  NewLegacySending,
} from "../../../../secure_store.ts";
import { type Quota, sendRefusals } from "../../../../store.ts";
import { NO_COUNT } from "../../../schema.ts";
import { f64, mapped } from "../../fields.ts";
import { MessageInserter } from "../../message_inserter.ts";
import type { StoreCommand } from "../../store_command.ts";

/** A message, of whose content only the size is told; the time is in milliseconds since 1970. */
interface Sending extends Omit<NewLegacySending, "content"> {
  quota: Quota;
  at: number;
  size: number;
}

const refusals = [...sendRefusals, "secured", "uid"] as const;

const sendingResult: Field<LegacySendingResult> = mapped(
  record<{ refusal: number; id: number }>({ refusal: u8, id: u32 }),
  (result) =>
    "id" in result
      ? { refusal: 0, id: result.id }
      : { refusal: 1 + refusals.indexOf(result.refused), id: 0 },
  ({ refusal, id }) => {
    const refused = refusals[refusal - 1];
    return refused === undefined ? { id: id as MessageId } : { refused };
  },
);

/** Keeps a message of a secure account in a legacy inbox. */
export const sendToLegacy: StoreCommand<Sending, LegacySendingResult> = {
  effect: "adds",
  fields: record<Sending>({
    device: deviceId,
    sender: clientId,
    uid,
    digest: bytes(HASH_SIZE),
    target: clientId,
    type: u8 as Field<number> as Field<MessageType>,
    quota: record<Quota>({ messages: f64, bytes: f64 }),
    at: f64,
    size: u32,
  }),
  result: sendingResult,
  contentSize: ({ size }) => size,
  prepare(database) {
    const messages = new MessageInserter(database);
    const before = database.prepare<{ digest: Uint8Array; message: number }>(
      `SELECT Digest AS digest, Message AS message FROM taken
        WHERE Device = ? AND Uid = ?`,
    );
    const note = database.prepare(
      `INSERT INTO taken (Device, Uid, Count, Digest, State, Time, Waiting, Message)
        VALUES (?, ?, ${NO_COUNT}, ?, ${SendingState.Unknown}, ?, 0, ?)`,
    );
    return {
      execute(sending, transaction, content) {
        const { device, uid, digest, target: recipient, at } = sending;
        const found = before.get(device, uid);
        if (found !== undefined) {
          const isSame = found.message > 0 && equals(found.digest, digest);
          return isSame
            ? { id: found.message as MessageId }
            : { refused: "uid" };
        }
        const { inboxes, mailboxes } = transaction;
        const from = mailboxes.find(device.toHex());
        if (from === undefined || mailboxes.account(recipient)?.isClosed) {
          return { refused: "unknown_target" };
        }
        if (inboxes.isSecured(recipient)) return { refused: "secured" };
        const message = { ...sending, recipient };
        const result = messages.insert(message, transaction, content);
        if ("id" in result) {
          note.run(device, uid, digest, at, result.id);
          mailboxes.sent(from, NO_COUNT);
        }
        return result;
      },
    };
  },
};
