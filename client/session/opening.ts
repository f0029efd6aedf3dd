/**
 * Opens received messages, and saves the files among them.
 *
 * @module
 */

import {
  DecryptError,
  ENCRYPTED_KEY_SIZE,
  exportSymmetricKey,
} from "../../shared/crypto/crypto.ts";
import type { Pieces } from "../../shared/crypto/pieces.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { writeAll } from "../../shared/cli/write_all.ts";
import { UserError } from "../errors.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import type { BatchMessage } from "./batch.ts";
import type { Channel } from "./channel.ts";
import type { MessageKind } from "../store/message.ts";

/** Bytes of the largest text; a larger one is saved as a file. */
const MAX_TEXT_SIZE = 16 * 1024 * 1024;

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

/** Whether a message was opened, and certainly under the right key. */
export function isCertain(
  { kind, doubtful }: Pick<Opened, "kind" | "doubtful">,
): boolean {
  return kind !== "unreadable" && !doubtful;
}

/**
 * Opens a message with the keys of a channel, to which it adds a key that the
 * message brings.
 *
 * @param isLast whether no further key may follow: a doubtful file is saved then
 * @throws {UserError} where a file can't be saved, or the message can't be read
 */
export async function openMessage(
  { type, content }: BatchMessage,
  channel: Channel,
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

/** Decodes a text; some clients send the NUL that ends their strings (MSG-2). */
function decodeText(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0 ? -1 : bytes.length;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/**
 * Saves a received file in the temporary directory, readable for its owner only
 * and under a new name, to which nothing from the wire contributes. The file is
 * synced before this resolves.
 *
 * @returns the file's full path and its size in bytes
 * @throws {UserError} where it can't be saved; nothing of it is left then
 * @throws {DecryptError} where the pieces throw it; nothing of it is left then
 */
export async function saveReceivedFile(
  pieces: Pieces,
): Promise<{ path: string; size: number }> {
  let path: string | undefined;
  let size = 0;
  try {
    // The runtime creates it exclusively, with mode 0600.
    path = await Deno.makeTempFile({ prefix: "messageu-" });
    using file = await Deno.open(path, { write: true });
    for await (const piece of pieces) {
      await writeAll(file, piece);
      size += piece.length;
    }
    await file.sync();
    return { path, size };
  } catch (cause) {
    if (path !== undefined) await Deno.remove(path).catch(() => {});
    if (cause instanceof DecryptError) throw cause;
    const reason = reasonOf(cause);
    throw new UserError(
      `Can't save a received file: ${reason}`,
      "It is kept: pull again once there is room in the temporary directory",
      { cause },
    );
  }
}
