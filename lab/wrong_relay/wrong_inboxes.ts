/** Inboxes that lose messages, each in its way. */

import { concat } from "@std/bytes";
import type {
  Budget,
  ClientId,
  NewClient,
  NewMessage,
  Quota,
  SendResult,
  Store,
  StoredMessage,
} from "../../server/mod.ts";
import { runsOf } from "../../server/store/id_runs.ts";
import { StoreAround } from "./store_around.ts";

/** Where messages are looked at before they are handed out. */
export class Inboxes extends StoreAround {
  /** The oldest messages, with all of their contents. */
  async whole(recipient: ClientId, budget: Budget): Promise<StoredMessage[]> {
    const messages = await super.waiting(recipient, budget);
    return await Promise.all(messages.map(async (message) => {
      const { content, size } = message;
      if (content.length === size) return message;
      const pieces = [content];
      for await (const piece of super.rest(recipient, message)) {
        pieces.push(piece);
      }
      return { ...message, content: concat(pieces) };
    }));
  }

  /** Deletes messages at once. */
  async drop(
    recipient: ClientId,
    messages: readonly StoredMessage[],
  ): Promise<void> {
    await super.delete(recipient, {
      runs: runsOf(messages.map(({ id }) => id)),
      bytes: messages.reduce((sum, { size }) => sum + size, 0),
    });
  }
}

/** Deletes messages before they are on their way. */
export class DeletesFirst extends Inboxes {
  override async waiting(
    recipient: ClientId,
    budget: Budget,
  ): Promise<StoredMessage[]> {
    const messages = await this.whole(recipient, budget);
    await this.drop(recipient, messages);
    return messages;
  }

  override async delete(): Promise<void> {}
}

/** Deletes all of an inbox and hands out less. */
export class LosesTheRest extends Inboxes {
  readonly #handsOut: (messages: StoredMessage[]) => StoredMessage[];

  constructor(
    inner: Store,
    handsOut: (messages: StoredMessage[]) => StoredMessage[],
  ) {
    super(inner);
    this.#handsOut = handsOut;
  }

  override async waiting(
    recipient: ClientId,
    budget: Budget,
  ): Promise<StoredMessage[]> {
    const all = await super.waiting(recipient, { ...budget, bytes: Infinity });
    const handedOut = this.#handsOut(all);
    await this.drop(
      recipient,
      all.filter((message) => !handedOut.includes(message)),
    );
    return handedOut;
  }
}

/** Empties an inbox when another registration asks for its owner's name. */
export class EmptiedByName extends Inboxes {
  readonly #owners = new Map<string, ClientId>();

  override async register(client: NewClient, now: Date): Promise<boolean> {
    if (await super.register(client, now)) {
      this.#owners.set(client.name, client.id.slice() as ClientId);
      return true;
    }
    const owner = this.#owners.get(client.name);
    if (owner === undefined) return false;
    const all = { bytes: Infinity, perMessage: 0 };
    await this.drop(owner, await super.waiting(owner, all));
    return false;
  }
}

/** Deletes what a client has sent when it pulls. */
export class DeletesSent extends Inboxes {
  readonly #recipients = new Map<string, ClientId[]>();

  override async send(
    message: NewMessage,
    quota: Quota,
  ): Promise<SendResult> {
    const sender = message.sender.toHex();
    const recipients = this.#recipients.get(sender) ?? [];
    recipients.push(message.recipient.slice() as ClientId);
    this.#recipients.set(sender, recipients);
    return await super.send(message, quota);
  }

  override async waiting(
    recipient: ClientId,
    budget: Budget,
  ): Promise<StoredMessage[]> {
    const messages = await super.waiting(recipient, budget);
    const all = { bytes: Infinity, perMessage: 0 };
    const recipients = this.#recipients.get(recipient.toHex()) ?? [];
    this.#recipients.delete(recipient.toHex());
    for (const other of recipients) {
      if (sameId(other, recipient)) continue;
      const waiting = await super.waiting(other, all);
      await this.drop(
        other,
        waiting.filter(({ sender }) => sameId(sender, recipient)),
      );
    }
    return messages;
  }
}

/** A new message takes the place of the one that waits. */
export class OneEach extends Inboxes {
  #last: Promise<unknown> = Promise.resolve();

  override send(
    message: NewMessage,
    quota: Quota,
  ): Promise<SendResult> {
    const sent = this.#last.then(() => this.#replace(message, quota));
    this.#last = sent.catch(() => {});
    return sent;
  }

  async #replace(
    message: NewMessage,
    quota: Quota,
  ): Promise<SendResult> {
    const waiting = await super.waiting(message.recipient, {
      bytes: Infinity,
      perMessage: 0,
    });
    const sent = await super.send(message, quota);
    await this.drop(message.recipient, waiting);
    return sent;
  }
}

/** Whether two ids are one. */
export function sameId(one: ClientId, other: ClientId): boolean {
  return one.toHex() === other.toHex();
}
