/**
 * The seam behind which messages for one contact are encrypted. The legacy way
 * is its first kind; a stronger one can stand beside it.
 *
 * @module
 */

import {
  DecryptError,
  decryptKey,
  encryptKey,
  generateSymmetricKey,
  legacyDecrypt,
  legacyEncrypt,
  legacyPadding,
} from "../shared/crypto.ts";
import { MessageType } from "../shared/protocol.ts";

/** The types of message whose content is the users' own. */
export type SealedType = typeof MessageType.Text | typeof MessageType.File;

/** Encrypts for one contact and decrypts what comes from it. */
export interface Channel {
  /** Whether there is what {@linkcode seal} needs. */
  readonly canSeal: boolean;

  /**
   * Encrypts a message for the contact.
   *
   * @throws {Error} where {@linkcode canSeal} is false
   */
  seal(
    type: SealedType,
    plaintext: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array>;

  /**
   * Decrypts a message from the contact.
   *
   * @throws {DecryptError} where none of our keys fits
   */
  open(type: SealedType, ciphertext: Uint8Array): Promise<Opened>;
}

/** A message that was decrypted. */
export interface Opened {
  /** What was sent, as far as the key is the right one. */
  plaintext: Uint8Array;
  /** Whether it may be that of a wrong key, which nothing in it tells. */
  doubtful: boolean;
}

/** Symmetric keys that travel in messages of type 2; texts under the last one. */
export class LegacyChannel implements Channel {
  /** The last key is used to send (section 4, point 6). */
  #sealing: CryptoKey | undefined;
  /** All keys are kept to read, the newest first. */
  readonly #opening: CryptoKey[];

  /**
   * @param keys all that there are, the newest first
   * @param sealing the one to send under
   */
  constructor(keys: readonly CryptoKey[] = [], sealing?: CryptoKey) {
    this.#opening = [...keys];
    this.#sealing = sealing;
  }

  get canSeal(): boolean {
    return this.#sealing !== undefined;
  }

  async seal(
    _type: SealedType,
    plaintext: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array> {
    if (this.#sealing === undefined) {
      throw new Error("Expected a symmetric key");
    }
    return await legacyEncrypt(this.#sealing, plaintext);
  }

  async open(type: SealedType, ciphertext: Uint8Array): Promise<Opened> {
    const candidates: { key: CryptoKey; padding: number }[] = [];
    for (const key of this.#opening) {
      const padding = await legacyPadding(key, ciphertext)
        .catch(noneIfUndecryptable);
      if (padding !== undefined) candidates.push({ key, padding });
    }
    // A wrong key passes the padding's check now and then, mostly with one
    // byte of it, and its plaintext is hardly ever a text.
    candidates.sort((a, b) => b.padding - a.padding);
    let first: Uint8Array | undefined;
    for (const { key } of candidates) {
      const plaintext = await legacyDecrypt(key, ciphertext);
      if (type !== MessageType.Text || isUtf8(plaintext)) {
        return { plaintext, doubtful: false };
      }
      first ??= plaintext;
    }
    if (first !== undefined) return { plaintext: first, doubtful: true };
    throw new DecryptError("Expected a message under a key of this contact");
  }

  /**
   * Makes a key and encrypts it for the contact. It opens messages at once,
   * since the contact may get it though the relay's answer is lost; it seals
   * them after {@linkcode OfferedKey.use}.
   */
  async offerKey(publicKey: CryptoKey): Promise<OfferedKey> {
    const key = await generateSymmetricKey();
    const content = await encryptKey(publicKey, key);
    this.#opening.unshift(key);
    return {
      content,
      key,
      use: () => {
        this.#sealing = key;
      },
    };
  }

  /**
   * Takes a key that the contact sent.
   *
   * @throws {DecryptError} where it isn't for us
   */
  async acceptKey(
    privateKey: CryptoKey,
    content: Uint8Array,
  ): Promise<CryptoKey> {
    const key = await decryptKey(privateKey, content);
    this.#opening.unshift(key);
    this.#sealing = key;
    return key;
  }
}

/** A key on its way to a contact. */
export interface OfferedKey {
  /** The content of the message of type 2. */
  content: Uint8Array;
  /** The key itself. */
  key: CryptoKey;
  /** To be called once the relay has taken the message. */
  use: () => void;
}

function noneIfUndecryptable(error: unknown): undefined {
  if (!(error instanceof DecryptError)) throw error;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
