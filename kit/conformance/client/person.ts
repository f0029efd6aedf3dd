/**
 * A user of the mock server, with keys and messages.
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

/** Key pairs by name, kept for further runs of this process: each takes 100 ms. */
const pairs: Record<string, Promise<CryptoKeyPair>> = {};

/** A message from a person, and the key that it carries. */
export interface Letter {
  /** The message as delivered. */
  readonly message: WaitingMessage;
  /** The key that the client has once it received the message. */
  readonly brings?: { readonly from: Person; readonly key: CryptoKey };
}

/** A user other than the checked client. */
export class Person {
  /** The listed name. */
  readonly name: string;
  /** The id. */
  readonly clientId: ClientId;
  /** The RSA keys. */
  readonly pair: CryptoKeyPair;
  /** The public key, 160 bytes of DER. */
  readonly publicKey: Uint8Array;
  /** Symmetric keys shared with the client, the newest last. */
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

  /** @param nextId draws message ids of the client's inbox */
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

  /** Creates another person with the same key pair. */
  static like(
    { pair, publicKey }: Person,
    name: string,
    nextId: () => MessageId,
  ): Person {
    return new Person(name, pair, publicKey, nextId);
  }

  /** Makes a message of any type. */
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

  /** Makes a message with a symmetric key. */
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

  /** Makes a text, encrypted with `key`. */
  async textLetter(key: CryptoKey, text: string): Promise<Letter> {
    return await this.bytesLetter(key, UTF8.encode(text));
  }

  /** Makes a text of any bytes, encrypted with `key`. */
  async bytesLetter(
    key: CryptoKey,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Letter> {
    return this.letter(MessageType.Text, await legacyEncrypt(key, bytes));
  }

  /** Makes a file, encrypted with `key`. */
  async fileLetter(
    key: CryptoKey,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Letter> {
    return this.letter(MessageType.File, await legacyEncrypt(key, bytes));
  }

  /** Keeps a symmetric key from the client; ignores one for another person. */
  async takeKey(encrypted: Uint8Array): Promise<void> {
    try {
      this.keys.push(await decryptKey(this.pair.privateKey, encrypted));
    } catch (error) {
      if (!(error instanceof DecryptError)) throw error;
    }
  }

  /** Makes a message with a new key, and texts encrypted with it. */
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
 * Makes a letter that none of the keys decrypts. Of random bytes, one in 256 ends
 * in valid padding.
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
