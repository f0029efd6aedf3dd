import { equals } from "@std/bytes";
import type { AccountId } from "../../../../../shared/secure/secure_protocol.ts";
import type { NewSending, SendingResult } from "../../../secure_store.ts";
import { isFull, type Quota } from "../../../store.ts";
import type { FoundSending, MailGroup, MailWrite } from "./mail_group.ts";
import type { LockedDevice, Mailboxes } from "../mailboxes.ts";

/** Stores a sending, in the mailboxes of all devices or in none. */
export class SendingWrite implements MailWrite {
  readonly sending: NewSending;
  readonly quota: Quota;
  readonly now: number;
  /** The result, once it is applied. */
  result: SendingResult = { refused: "unknown" };

  /** @param now in milliseconds since 1970 */
  constructor(sending: NewSending, quota: Quota, now: number) {
    this.sending = sending;
    this.quota = quota;
    this.now = now;
  }

  get recipient(): AccountId {
    return this.sending.account;
  }

  get bytes(): number {
    const { envelopes } = this.sending;
    return envelopes.reduce((sum, { content }) => sum + content.length, 0);
  }

  get isStored(): boolean {
    return "wasTaken" in this.result && !this.result.wasTaken;
  }

  /** Notes that it is stored by another statement. */
  stored(highestCount: number): void {
    this.result = { wasTaken: false, highestCount };
  }

  async apply(group: MailGroup): Promise<void> {
    this.result = await this.#store(group);
  }

  async #store(group: MailGroup): Promise<SendingResult> {
    const { sending } = this;
    const found = group.found(sending);
    if (found === undefined) return { refused: "unknown" };
    const before = group.digestBefore(sending);
    if (before !== undefined) {
      if (!equals(before, sending.digest)) return { refused: "uid" };
      return { wasTaken: true, highestCount: group.highestCount(sending) };
    }
    if (found.version === null) return { refused: "unknown" };
    if (found.isClosed) return { refused: "closed" };
    const recipients = recipientsOf(group.mailboxes, sending, found);
    if (recipients === undefined) {
      const record = await group.record(sending.account);
      return record ? { otherDevices: record } : { refused: "unknown" };
    }
    if (group.isCountUsed(sending)) return { refused: "count" };
    const hasRoom = recipients.every(({ device, content }) =>
      !isFull(device, content.length, this.quota)
    );
    if (!hasRoom) return { refused: "full" };
    group.take(sending, this.now);
    this.#put(group.mailboxes, recipients);
    return { wasTaken: false, highestCount: group.highestCount(sending) };
  }

  #put(mailboxes: Mailboxes, recipients: readonly Recipient[]): void {
    const { uid, sender, device: fromDevice, lifetime } = this.sending;
    for (const { device, content } of recipients) {
      mailboxes.put(device, {
        uid,
        account: sender,
        fromDevice,
        flags: 0,
        arrived: this.now,
        expires: this.now + lifetime,
        content,
      });
    }
  }
}

/** A device with its envelope. */
interface Recipient {
  device: LockedDevice;
  content: Uint8Array;
}

/**
 * The recipient's devices; undefined if the sending knows another record, or
 * isn't for exactly these devices.
 */
function recipientsOf(
  mailboxes: Mailboxes,
  { account, recordVersion, envelopes }: NewSending,
  { version, devices }: FoundSending,
): Recipient[] | undefined {
  if (recordVersion !== version || envelopes.length !== devices) {
    return undefined;
  }
  const recipients = new Map<LockedDevice, Uint8Array>();
  for (const { device: id, content } of envelopes) {
    const device = mailboxes.device(id);
    if (device === undefined || !equals(device.account, account)) {
      return undefined;
    }
    recipients.set(device, content);
  }
  if (recipients.size < devices) return undefined;
  return [...recipients].map(([device, content]) => ({ device, content }));
}
