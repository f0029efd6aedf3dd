/**
 * Somebody whom the playing server plays, with keys of their own.
 *
 * @module
 */

import {
  DecryptError,
  decryptKey,
  encryptKey,
  exportPublicKey,
  generateKeyPair,
  generateSymmetricKey,
  legacyEncrypt,
  legacyPadding,
} from "../../../shared/crypto/crypto.ts";
import {
  type ClientId,
  drawClientId,
  type MessageId,
  MessageType,
} from "../../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../../shared/wire/requests.ts";

const UTF8 = new TextEncoder();

/** Key pairs by name, kept for further plays of this process: each takes 100 ms. */
const pairs: Record<string, Promise<CryptoKeyPair>> = {};

/** A message from somebody, and the key that it brings. */
export interface Letter {
  /** As it is handed out. */
  readonly message: WaitingMessage;
  /** The key that the client has once it took the message. */
  readonly brings?: { readonly from: Person; readonly key: CryptoKey };
}

/** Somebody to write to, and to hear from. */
export class Person {
  /** Under which name they are listed. */
  readonly name: string;
  /** Their id. */
  readonly clientId: ClientId;
  /** Their keys of RSA. */
  readonly pair: CryptoKeyPair;
  /** 160 bytes of DER. */
  readonly publicKey: Uint8Array;
  /** The symmetric keys that they share with the client, the last one last. */
  readonly keys: CryptoKey[] = [];
  readonly #nextId: () => MessageId;

  private constructor(
    name: string,
    pair: CryptoKeyPair,
    publicKey: Uint8Array,
    nextId: () => MessageId,
  ) {
    this.name = name;
    this.clientId = drawClientId();
    this.pair = pair;
    this.publicKey = publicKey;
    this.#nextId = nextId;
  }

  /** @param nextId the ids of the client's inbox */
  static async create(
    name: string,
    nextId: () => MessageId,
  ): Promise<Person> {
    const pair = await (pairs[name] ??= generateKeyPair());
    return new Person(
      name,
      pair,
      await exportPublicKey(pair.publicKey),
      nextId,
    );
  }

  /** Somebody else with the same key pair. */
  static like(
    { pair, publicKey }: Person,
    name: string,
    nextId: () => MessageId,
  ): Person {
    return new Person(name, pair, publicKey, nextId);
  }

  /** A message of any type. */
  letter(type: number, content: Uint8Array): Letter {
    return {
      message: {
        sender: this.clientId,
        messageId: this.#nextId(),
        type,
        content,
      },
    };
  }

  /** A symmetric key for the client. */
  async keyLetter(
    clientKey: CryptoKey,
    key: CryptoKey,
  ): Promise<Letter> {
    const encrypted = await encryptKey(clientKey, key);
    return {
      ...this.letter(MessageType.Key, encrypted),
      brings: { from: this, key },
    };
  }

  /** A text under a key. */
  async textLetter(key: CryptoKey, text: string): Promise<Letter> {
    return await this.bytesLetter(key, UTF8.encode(text));
  }

  /** A text under a key that needn't be one. */
  async bytesLetter(
    key: CryptoKey,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Letter> {
    return this.letter(MessageType.Text, await legacyEncrypt(key, bytes));
  }

  /** A file under a key. */
  async fileLetter(
    key: CryptoKey,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Letter> {
    return this.letter(MessageType.File, await legacyEncrypt(key, bytes));
  }

  /** Takes a symmetric key that the client sent; one that isn't for us changes nothing. */
  async takeKey(encrypted: Uint8Array): Promise<void> {
    try {
      this.keys.push(await decryptKey(this.pair.privateKey, encrypted));
    } catch (error) {
      if (!(error instanceof DecryptError)) throw error;
    }
  }

  /** The first message of a conversation: a new key, and texts under it. */
  async keyAndTexts(
    clientKey: CryptoKey,
    ...texts: readonly string[]
  ): Promise<Letter[]> {
    const key = await generateSymmetricKey();
    const letters = [await this.keyLetter(clientKey, key)];
    for (const text of texts) letters.push(await this.textLetter(key, text));
    return letters;
  }
}

/**
 * A letter that none of the keys opens: of random bytes, one key in 256 finds
 * an end that looks like padding.
 */
export async function unopened(
  keys: readonly CryptoKey[],
  make: () => Promise<Letter> | Letter,
): Promise<Letter> {
  for (;;) {
    const letter = await make();
    const opens = await Promise.all(
      keys.map((key) =>
        legacyPadding(key, letter.message.content).then(
          () => true,
          () => false,
        )
      ),
    );
    if (!opens.includes(true)) return letter;
  }
}
