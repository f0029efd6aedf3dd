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
import type { ReceivedContent } from "./received_content.ts";

/** Bytes of padding that a wrong key finds once in 2^40 contents. */
const CERTAIN_PADDING = 5;

/** Keys that a message is tried under, the newest: somebody may send thousands to keep us busy. */
const MOST_TRIED = 32;
/** Keys of which one seldom fits by chance. */
const FEW_KEYS = 8;

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

  /**
   * Encrypts a file of `size` bytes for the contact while it is read.
   *
   * @returns the ciphertext and its size in bytes
   * @throws {Error} where {@linkcode canSeal} is false
   */
  sealPieces(plaintext: Pieces, size: number): SealedPieces;

  /**
   * Decrypts a file from the contact while it is read. The pieces throw a
   * {@linkcode DecryptError} at their end where the key wasn't the right one.
   *
   * @throws {DecryptError} where none of our keys fits
   */
  openPieces(content: ReceivedContent): Promise<OpenedPieces>;
}

/** A file that is decrypted while it is read. */
export interface OpenedPieces {
  /** What was sent, as far as the key is the right one. */
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Whether another key may fit better. */
  certainty: Certainty;
}

/**
 * How sure it is which key a ciphertext is under: `likely` where one fits that
 * a key which isn't known yet may fit better than, `doubtful` where several
 * fit, or one by its last byte alone out of many.
 */
export type Certainty = "certain" | "likely" | "doubtful";

/** A ciphertext that is made while it is read. */
export interface SealedPieces {
  /** Bytes of it. */
  size: number;
  /** Exactly so many, where the plaintext has the size that was said. */
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
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
  /** The last key is used to send (MSG-5). */
  #sealing: CryptoKey | undefined;
  /** All keys are kept to read, the newest first (MSG-6). */
  readonly #opening: CryptoKey[];

  /**
   * @param keys to read with, the newest first
   * @param sealing to send with
   */
  constructor(
    keys: readonly CryptoKey[] = [],
    sealing: CryptoKey | undefined = undefined,
  ) {
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
    return await legacyEncrypt(this.#sealingKey(), plaintext);
  }

  sealPieces(plaintext: Pieces, size: number): SealedPieces {
    return {
      size: legacyCiphertextSize(size),
      pieces: legacyEncryptPieces(this.#sealingKey(), plaintext),
    };
  }

  async open(type: SealedType, ciphertext: Uint8Array): Promise<Opened> {
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
   * The keys whose padding a ciphertext of `size` bytes may end in, the likeliest
   * first, and whether that can hardly be another's. A wrong key passes the
   * padding's check now and then, mostly with one byte of it, and its plaintext
   * is hardly ever a text.
   */
  async #candidates(
    end: Uint8Array,
    size: number,
  ): Promise<{ keys: CryptoKey[]; certainty: Certainty }> {
    const candidates: { key: CryptoKey; padding: number }[] = [];
    const sealing = this.#sealing;
    // Where several fit, it is the one that is in use.
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
   * Makes a key, or takes one that there is, and encrypts it for the contact. It
   * opens messages at once, since the contact may get it though the relay's
   * answer is lost; it seals them after {@linkcode OfferedKey.use}.
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
   * Takes a key that the contact sent.
   *
   * @returns the key
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
