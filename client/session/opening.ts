/**
 * Finds out what a received message holds.
 *
 * @module
 */

import {
  DecryptError,
  ENCRYPTED_KEY_SIZE,
  exportSymmetricKey,
} from "../../shared/crypto/crypto.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import type { BatchMessage } from "./batch.ts";
import type { LegacyChannel } from "./channel.ts";
import type { MessageKind } from "./message.ts";
import { saveReceivedFile } from "./received_files.ts";

/** Bytes of the largest text; a larger one is saved as a file, a piece at a time. */
const MAX_TEXT_SIZE = 16 * 1024 * 1024;

/** What was found in a message. */
export interface Opened {
  /** What it is. */
  kind: MessageKind;
  /** What a text says. */
  text?: string;
  /** Where a file was saved. */
  path?: string;
  /** Bytes of text or file. */
  size: number;
  /** Whether it may have been opened with a wrong key. */
  doubtful: boolean;
  /** The symmetric key that it brought, 16 bytes. */
  key?: Uint8Array;
}

/** What can't be decrypted. */
export const UNREADABLE: Opened = {
  kind: "unreadable",
  size: 0,
  doubtful: false,
};

/** Whether it can't be any other key's. */
export function isCertain(
  { kind, doubtful }: Pick<Opened, "kind" | "doubtful">,
): boolean {
  return kind !== "unreadable" && !doubtful;
}

/**
 * Opens a message with the keys of a channel, which takes a key that it brings.
 *
 * @param isLast whether no further key may come: a doubtful file is saved then
 * @throws {UserError} where a file can't be saved, or the message not be read
 */
export async function openMessage(
  { type, content }: BatchMessage,
  channel: LegacyChannel,
  privateKey: CryptoKey,
  isLast: boolean,
): Promise<Opened> {
  const rest = { size: 0, doubtful: false };
  try {
    if (type === MessageType.KeyRequest) return { kind: "keyRequest", ...rest };
    if (type === MessageType.Key && content.size === ENCRYPTED_KEY_SIZE) {
      const key = await channel.acceptKey(privateKey, await content.bytes());
      return { kind: "key", ...rest, key: await exportSymmetricKey(key) };
    }
    if (type === MessageType.Text && content.size <= MAX_TEXT_SIZE) {
      const opened = await channel.open(type, await content.bytes());
      const { doubtful, plaintext } = opened;
      const text = decodeText(plaintext);
      return { kind: "text", text, size: plaintext.length, doubtful };
    }
    if (type === MessageType.Text || type === MessageType.File) {
      const { pieces, certainty } = await channel.openPieces(content);
      if (certainty !== "certain" && !isLast) {
        return { kind: "file", ...rest, doubtful: true };
      }
      const saved = await saveReceivedFile(pieces);
      return { kind: "file", ...saved, doubtful: certainty === "doubtful" };
    }
  } catch (error) {
    if (!(error instanceof DecryptError)) throw error;
  }
  return UNREADABLE;
}

/** Some clients send the NUL that ends their strings (MSG-2). */
function decodeText(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0 ? -1 : bytes.length;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
