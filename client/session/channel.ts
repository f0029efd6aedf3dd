/**
 * Encrypts the messages to one contact and decrypts the messages from it.
 *
 * @module
 */

import {
  DecryptError,
  decryptKey,
  encryptKey,
  generateSymmetricKey,
  LEGACY_TAIL_SIZE,
  legacyCiphertextSize,
  legacyDecrypt,
  legacyDecryptPieces,
  legacyEncrypt,
  legacyEncryptPieces,
  legacyPadding,
} from "../../shared/crypto/crypto.ts";
import type { Pieces } from "../../shared/crypto/pieces.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import type { ReceivedContent } from "./batch.ts";

/** Bytes of padding that a wrong key finds once in 2^40 contents. */
const CERTAIN_PADDING = 5;

/** The number of keys, the newest, that a message is tried under: a contact may send thousands. */
const MOST_TRIED = 32;
/** The number of keys up to which one seldom fits by chance. */
const FEW_KEYS = 8;

/** The types of message whose content is sealed under a symmetric key. */
export type SealedType = typeof MessageType.Text | typeof MessageType.File;

/** A file that is decrypted while it is read. */
export interface OpenedPieces {
  /** The plaintext, if the key is the right one. */
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Whether another key may fit better. */
  certainty: Certainty;
}

/**
 * How certain it is that a key is the right one: `likely` where a key that
 * isn't known yet may fit better, `doubtful` where several fit, or one out of
 * many by its last byte alone.
 */
export type Certainty = "certain" | "likely" | "doubtful";

/** A ciphertext that is produced while it is read. */
export interface SealedPieces {
  /** Bytes of it. */
  size: number;
  /** Exactly `size` bytes, where the plaintext has the size that was given. */
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** A decrypted message. */
export interface OpenedBytes {
  /** The plaintext, if the key is the right one. */
  plaintext: Uint8Array;
  /** Whether the key may be a wrong one, which the plaintext doesn't show. */
  doubtful: boolean;
}

/** The channel to one contact: symmetric keys that travel in messages of type 2. */
export class Channel {
  /** The last key is used to send (MSG-5). */
  #sealing: CryptoKey | undefined;
  /** All keys are kept to read, the newest first (MSG-6). */
  readonly #opening: CryptoKey[];

  /**
   * @param keys the keys that open messages, the newest first
   * @param sealing the key that seals
   */
  constructor(
    keys: readonly CryptoKey[] = [],
    sealing: CryptoKey | undefined = undefined,
  ) {
    this.#opening = [...keys];
    this.#sealing = sealing;
  }

  /** Whether there is a key that seals. */
  get canSeal(): boolean {
    return this.#sealing !== undefined;
  }

  /** Encrypts a message. @throws {Error} where {@linkcode canSeal} is false */
  async seal(
    _type: SealedType,
    plaintext: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array> {
    return await legacyEncrypt(this.#sealingKey(), plaintext);
  }

  /**
   * Encrypts a file of `size` bytes while it is read.
   *
   * @throws {Error} where {@linkcode canSeal} is false
   */
  sealPieces(plaintext: Pieces, size: number): SealedPieces {
    return {
      size: legacyCiphertextSize(size),
      pieces: legacyEncryptPieces(this.#sealingKey(), plaintext),
    };
  }

  /** Decrypts a message. @throws {DecryptError} where no key fits */
  async open(type: SealedType, ciphertext: Uint8Array): Promise<OpenedBytes> {
    let first: Uint8Array | undefined;
    const { keys } = await this.#candidates(ciphertext, ciphertext.length);
    for (const key of keys) {
      const plaintext = await legacyDecrypt(key, ciphertext);
      if (type !== MessageType.Text || isUtf8(plaintext)) {
        return { plaintext, doubtful: false };
      }
      first ??= plaintext;
    }
    if (first !== undefined) return { plaintext: first, doubtful: true };
    throw noKeyFits();
  }

  /**
   * Decrypts a file while it is read. The pieces throw a {@linkcode DecryptError}
   * at their end where the key isn't the right one.
   *
   * @throws {DecryptError} where no key fits
   */
  async openPieces(content: ReceivedContent): Promise<OpenedPieces> {
    const end = await content.tail(LEGACY_TAIL_SIZE);
    const { keys: [key], certainty } = await this.#candidates(
      end,
      content.size,
    );
    if (key === undefined) throw noKeyFits();
    return { pieces: legacyDecryptPieces(key, content.pieces()), certainty };
  }

  /**
   * The keys under which a ciphertext of `size` bytes ends in valid padding, the
   * likeliest first. A wrong key passes that check now and then, mostly with one
   * byte of padding, and its plaintext is hardly ever a text.
   */
  async #candidates(
    end: Uint8Array,
    size: number,
  ): Promise<{ keys: CryptoKey[]; certainty: Certainty }> {
    const candidates: { key: CryptoKey; padding: number }[] = [];
    const sealing = this.#sealing;
    // Where several fit, the one in use is the likeliest.
    const tried = [
      ...(sealing === undefined ? [] : [sealing]),
      ...this.#opening.filter((key) => key !== sealing),
    ].slice(0, MOST_TRIED);
    for (const key of tried) {
      const padding = await legacyPadding(key, end, size)
        .catch(noneIfUndecryptable);
      if (padding === undefined) continue;
      // There may be many keys, and the newest fits nearly always.
      if (padding >= CERTAIN_PADDING) {
        return { keys: [key], certainty: "certain" };
      }
      candidates.push({ key, padding });
    }
    candidates.sort((a, b) => b.padding - a.padding);
    const keys = candidates.map(({ key }) => key);
    if (keys.length > 1) return { keys, certainty: "doubtful" };
    if ((candidates[0]?.padding ?? 0) > 1) {
      return { keys, certainty: "certain" };
    }
    const isOneOfMany = tried.length > FEW_KEYS;
    return { keys, certainty: isOneOfMany ? "doubtful" : "likely" };
  }

  #sealingKey(): CryptoKey {
    if (this.#sealing !== undefined) return this.#sealing;
    throw new Error("Expected a symmetric key");
  }

  /**
   * Makes a key, or takes a known one, and encrypts it for the contact. The key
   * opens messages at once, since the contact may get it though the relay's
   * response is lost; it seals them after {@linkcode OfferedKey.use}.
   */
  async offerKey(
    publicKey: CryptoKey,
    known?: CryptoKey,
  ): Promise<OfferedKey> {
    const key = known ?? await generateSymmetricKey();
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
   * Decrypts a key that the contact sent, and uses it.
   *
   * @throws {DecryptError} where it wasn't encrypted for the user
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
  /** Call it once the relay has acknowledged the message. */
  use: () => void;
}

function noKeyFits(): DecryptError {
  return new DecryptError("Expected a message under a key of this contact");
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
