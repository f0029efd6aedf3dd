import type { Database } from "@db/sqlite";
import {
  type DeviceId,
  drawUid,
  MailFlag,
} from "../../../../../shared/secure/secure_protocol.ts";
import type { ClientId } from "../../../../../shared/wire/protocol.ts";
import { isTooLargeToCopy, NO_DEVICE } from "../../../secure_store.ts";
import { isFull, type Quota, type SendResult } from "../../../store.ts";
import { RAISE_LAST_MESSAGE } from "../../schema.ts";
import type { TakeContent, Transaction } from "../store_command.ts";
import { MailInserter } from "./mail_inserter.ts";

/** A message of a legacy client to a secure account. */
interface LegacyMessage {
  recipient: ClientId;
  sender: ClientId;
  type: number;
  /** Bytes of its content. */
  size: number;
  quota: Quota;
}

/** Result of a send, with the devices that have got mail. */
export interface Delivery {
  result: SendResult;
  devices: readonly DeviceId[];
}

/** Puts messages of legacy clients into the mailboxes of secure accounts (LEG-3). */
export class LegacyMail {
  readonly #mail: MailInserter;
  readonly #raiseLastMessage;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#mail = new MailInserter(database);
    this.#raiseLastMessage = database.prepare(RAISE_LAST_MESSAGE);
  }

  keep(
    { recipient, sender, type, size, quota }: LegacyMessage,
    { inboxes, mailboxes, arrivals }: Transaction,
    content: TakeContent,
  ): Delivery {
    const refuse = (refused: "unknown_target" | "inbox_full"): Delivery => ({
      result: { refused },
      devices: [],
    });
    const account = mailboxes.account(recipient);
    if (account === undefined || account.isClosed) {
      return refuse("unknown_target");
    }
    const found = account.devices.map((key) => mailboxes.find(key))
      .filter((mailbox) => mailbox !== undefined);
    const hasRoom = found.length === account.devices.length &&
      !isTooLargeToCopy(size + 1, found.length) &&
      found.every((mailbox) => !isFull(mailbox, size + 1, quota));
    if (!hasRoom) return refuse("inbox_full");
    const result = inboxes.skip(recipient);
    if ("refused" in result) return { result, devices: [] };
    this.#raiseLastMessage.run(result.id, recipient);
    const mail = {
      uid: drawUid(),
      account: sender,
      fromDevice: NO_DEVICE,
      flags: MailFlag.Legacy,
      arrived: arrivals.now,
      expires: 0,
    };
    const positions = found.map((mailbox) => ({
      device: mailbox.device,
      seq: mailboxes.add(mailbox, size + 1),
    }));
    const head = new Uint8Array([type]);
    this.#mail.insert(positions, mail, size, content, head);
    return { result, devices: found.map(({ device }) => device) };
  }
}
