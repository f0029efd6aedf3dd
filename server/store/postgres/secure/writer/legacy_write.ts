import { concat } from "@std/bytes";
import {
  type AccountId,
  drawUid,
  MailFlag,
} from "../../../../../shared/secure/secure_protocol.ts";
import {
  MAX_MESSAGE_ID,
  type MessageId,
} from "../../../../../shared/wire/protocol.ts";
import { isTooLargeToCopy, NO_DEVICE } from "../../../secure_store.ts";
import {
  isFull,
  type NewMessage,
  type Quota,
  type SendResult,
} from "../../../store.ts";
import type { MailGroup, MailWrite } from "./mail_group.ts";

/** Stores a legacy client's message in the mailboxes of a secure account. */
export class LegacyWrite implements MailWrite {
  readonly sending = undefined;
  readonly #message: NewMessage;
  readonly #quota: Quota;
  /** The result, once it is applied. */
  result: SendResult = { refused: "unknown_target" };

  constructor(message: NewMessage, quota: Quota) {
    this.#message = message;
    this.#quota = quota;
  }

  get recipient(): AccountId {
    return this.#message.recipient;
  }

  get bytes(): number {
    return this.#message.content.length;
  }

  get isStored(): boolean {
    return "id" in this.result;
  }

  async apply(group: MailGroup): Promise<void> {
    this.result = await this.#store(group);
  }

  async #store(group: MailGroup): Promise<SendResult> {
    const { recipient, sender, type, content } = this.#message;
    const profile = group.profile(recipient);
    if (profile === undefined) return { refused: "unknown_target" };
    if (profile.lastMessage >= MAX_MESSAGE_ID) {
      return { refused: "ids_used_up" };
    }
    const devices = group.mailboxes.devicesOf(recipient);
    const size = content.length + 1;
    const hasRoom = !isTooLargeToCopy(size, devices.length) &&
      devices.every((device) => !isFull(device, size, this.#quota));
    if (!hasRoom) return { refused: "inbox_full" };
    const mail = {
      uid: drawUid(),
      account: sender,
      fromDevice: NO_DEVICE,
      flags: MailFlag.Legacy,
      // Its time is the database's, like that of every legacy message.
      arrived: await group.now(),
      expires: 0,
      content: concat([new Uint8Array([type]), content]),
    };
    for (const device of devices) group.mailboxes.put(device, mail);
    return { id: ++profile.lastMessage as MessageId };
  }
}
