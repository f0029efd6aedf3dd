/** Somebody who writes to anna, with keys of his own: a peer at the far end. */

import { assert } from "@std/assert";
import {
  encryptKey,
  generateKeyPair,
  generateSymmetricKey,
  legacyDecrypt,
  legacyEncrypt,
  legacyPadding,
} from "../../../shared/crypto/crypto.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../../shared/wire/requests.ts";

/** His id at the relay. */
export const BEN = new Uint8Array(16).fill(0xb2) as Uint8Array as ClientId;

/** The other one, who has keys and writes to anna. */
export class Ben {
  readonly pair: CryptoKeyPair;
  readonly key: CryptoKey;
  annasKey: CryptoKey | undefined;
  #nextId = 1;

  private constructor(pair: CryptoKeyPair, key: CryptoKey) {
    this.pair = pair;
    this.key = key;
  }

  static async create(): Promise<Ben> {
    return new Ben(await generateKeyPair(), await generateSymmetricKey());
  }

  message(type: number, content: Uint8Array): WaitingMessage {
    const messageId = this.#nextId++ as MessageId;
    return { sender: BEN, messageId, type, content };
  }

  async keyMessage(key = this.key): Promise<WaitingMessage> {
    assert(this.annasKey !== undefined);
    return this.message(2, await encryptKey(this.annasKey, key));
  }

  async text(
    text: string | Uint8Array,
    key = this.key,
  ): Promise<WaitingMessage> {
    const bytes = typeof text === "string"
      ? new TextEncoder().encode(text)
      : text;
    return this.message(3, await legacyEncrypt(key, new Uint8Array(bytes)));
  }
}

/** A text under a key that anna lacks; none of hers passes the padding's check. */
export async function unreadable(
  ben: Ben,
  known: CryptoKey[],
): Promise<WaitingMessage> {
  for (;;) {
    const message = await ben.text(
      "with an unknown key",
      await generateSymmetricKey(),
    );
    const passes = await Promise.all(
      known.map((key) =>
        legacyPadding(key, message.content).then(() => true, () => false)
      ),
    );
    if (!passes.includes(true)) return message;
  }
}

/** A text under one key that another one opens too, as something else. */
export async function ambiguous(
  ben: Ben,
  key: CryptoKey,
  wrong: CryptoKey,
): Promise<{ text: string; message: WaitingMessage }> {
  for (let i = 0;; i++) {
    const text = `attempt ${i}`;
    const message = await ben.text(text, key);
    const opened = await legacyDecrypt(wrong, message.content)
      .catch(() => undefined);
    if (opened !== undefined && !isUtf8(opened)) return { text, message };
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  return !new TextDecoder().decode(bytes).includes("\ufffd");
}
