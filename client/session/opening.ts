/**
 * Opens received messages with the keys of their senders.
 *
 * @module
 */

import {
  DecryptError,
  decryptKey,
  ENCRYPTED_KEY_SIZE,
  exportSymmetricKey,
  LEGACY_TAIL_SIZE,
  legacyDecrypt,
  legacyDecryptPieces,
  legacyPadding,
} from "../../shared/crypto/crypto.ts";
import type { Pieces } from "../../shared/wire/buffers.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import type { BatchMessage, ReceivedContent } from "./batch.ts";
import type { MessageKind } from "../store/message.ts";
import { saveReceivedFile } from "./received_files.ts";

/** Bytes of the largest text; a larger one is saved as a file. */
const MAX_TEXT_SIZE = 16 * 1024 * 1024;
/** Bytes of padding that a wrong key yields once in 2^40 contents. */
const CERTAIN_PADDING = 5;
/** Limit of keys that are tried on a message: a contact may send thousands. */
const MOST_TRIED = 32;
/** Number of keys of which one rarely fits by chance. */
const FEW_KEYS = 8;

/** The content of an opened message. */
export interface Opened {
  /** What it is. */
  kind: MessageKind;
  /** The text. */
  text?: string;
  /** Path of the saved file. */
  path?: string;
  /** Bytes of the text or the file. */
  size: number;
  /** Whether it may have been opened with a wrong key. */
  doubtful: boolean;
  /** The symmetric key that it brought, 16 bytes. */
  key?: Uint8Array;
}

/** A message that can't be decrypted. */
export const UNREADABLE: Opened = {
  kind: "unreadable",
  size: 0,
  doubtful: false,
};

/** Whether a message was opened, certainly with the right key. */
export function isCertain(
  { kind, doubtful }: Pick<Opened, "kind" | "doubtful">,
): boolean {
  return kind !== "unreadable" && !doubtful;
}

/**
 * Opens a message with the keys of its sender, to which it adds a key that the
 * message brings.
 *
 * @param isLast whether no further key may follow: a doubtful file is saved then
 * @param folder the folder for files. Default: the temporary folder
 * @throws {UserError} where a file can't be saved, or the message can't be read
 */
export async function openMessage(
  { type, content }: BatchMessage,
  keys: ContactKeys,
  privateKey: CryptoKey,
  isLast: boolean,
  folder?: string,
): Promise<Opened> {
  const rest = { size: 0, doubtful: false };
  try {
    if (type === MessageType.KeyRequest) return { kind: "keyRequest", ...rest };
    if (type === MessageType.Key && content.size === ENCRYPTED_KEY_SIZE) {
      const key = await keys.accept(privateKey, await content.bytes());
      return { kind: "key", ...rest, key: await exportSymmetricKey(key) };
    }
    if (type === MessageType.Text && content.size <= MAX_TEXT_SIZE) {
      const opened = await keys.openText(await content.bytes());
      const { doubtful, plaintext } = opened;
      const text = decodeText(plaintext);
      return { kind: "text", text, size: plaintext.length, doubtful };
    }
    if (type === MessageType.Text || type === MessageType.File) {
      const { pieces, certainty } = await keys.openPieces(content);
      if (certainty !== "certain" && !isLast) {
        return { kind: "file", ...rest, doubtful: true };
      }
      const saved = await saveReceivedFile(pieces, folder);
      return { kind: "file", ...saved, doubtful: certainty === "doubtful" };
    }
  } catch (error) {
    if (!(error instanceof DecryptError)) throw error;
  }
  return UNREADABLE;
}

/** Decodes a text; some clients send the NUL that ends their strings (MSG-2). */
function decodeText(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0 ? -1 : bytes.length;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/**
 * How certain it is that a key is the right one: `likely` where a key that
 * isn't known yet may fit better, `doubtful` where several keys fit, or one of
 * many fits by its last byte alone.
 */
type Certainty = "certain" | "likely" | "doubtful";

/** The symmetric keys that open one contact's messages. */
export class ContactKeys {
  /** The key in use, which is tried first (MSG-5). */
  #sealing: CryptoKey | undefined;
  /** All keys, the newest first (MSG-6). */
  readonly #opening: CryptoKey[];

  /**
   * @param opening all keys, the newest first
   * @param sealing the key in use
   */
  constructor(opening: readonly CryptoKey[] = [], sealing?: CryptoKey) {
    this.#opening = [...opening];
    this.#sealing = sealing;
  }

  /**
   * Decrypts a text. It is doubtful where it isn't UTF-8 under any key.
   *
   * @throws {DecryptError} where no key fits
   */
  async openText(
    ciphertext: Uint8Array,
  ): Promise<{ plaintext: Uint8Array; doubtful: boolean }> {
    let first: Uint8Array | undefined;
    const { keys } = await this.#candidates(ciphertext, ciphertext.length);
    for (const key of keys) {
      const plaintext = await legacyDecrypt(key, ciphertext);
      if (isUtf8(plaintext)) return { plaintext, doubtful: false };
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
  async openPieces(
    content: ReceivedContent,
  ): Promise<{ pieces: Pieces; certainty: Certainty }> {
    const end = await content.tail(LEGACY_TAIL_SIZE);
    const { keys: [key], certainty } = await this.#candidates(
      end,
      content.size,
    );
    if (key === undefined) throw noKeyFits();
    return { pieces: legacyDecryptPieces(key, content.pieces()), certainty };
  }

  /**
   * The keys with which a ciphertext of `size` bytes ends in valid padding, the
   * likeliest first. A wrong key occasionally passes that check, mostly with one
   * byte of padding; its plaintext is rarely valid UTF-8.
   */
  async #candidates(
    end: Uint8Array,
    size: number,
  ): Promise<{ keys: CryptoKey[]; certainty: Certainty }> {
    const candidates: { key: CryptoKey; padding: number }[] = [];
    const sealing = this.#sealing;
    // The key in use is the likeliest.
    const tried = [
      ...(sealing === undefined ? [] : [sealing]),
      ...this.#opening.filter((key) => key !== sealing),
    ].slice(0, MOST_TRIED);
    for (const key of tried) {
      const padding = await legacyPadding(key, end, size)
        .catch(noneIfUndecryptable);
      if (padding === undefined) continue;
      // Skips the other keys, of which there may be many.
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

  /**
   * Decrypts a key that the contact sent, and adds it.
   *
   * @throws {DecryptError} where it wasn't encrypted for the user
   */
  async accept(
    privateKey: CryptoKey,
    content: Uint8Array,
  ): Promise<CryptoKey> {
    const key = await decryptKey(privateKey, content);
    this.#opening.unshift(key);
    this.#sealing = key;
    return key;
  }
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
