/**
 * What the folder keeps of conversations: deletes one, or all that is older than
 * the user wants to keep.
 *
 * @module
 */

import { resolve } from "node:path";
import { formatThings } from "../../shared/cli/figures.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { removeIfThere } from "../../shared/folder/durable_files.ts";
import { isWithin } from "../../shared/folder/within.ts";
import { FolderError, UserError } from "../errors.ts";
import type { ConversationSize } from "../store/deletions.ts";
import type { SessionParts } from "./contacts.ts";
import { UnreadMessages } from "./unread_messages.ts";

/** Milliseconds to wait while messages are received. */
const RECEIVE_PATIENCE = 5_000;
/** Messages that expire at once at most. */
const MOST_EXPIRED = 1000;

/** The history of all conversations. */
export class History {
  readonly #dir: string;
  readonly #session: SessionParts;

  /** @param dir the client's folder */
  constructor(dir: string, session: SessionParts) {
    this.#dir = dir;
    this.#session = session;
  }

  /** Counts the messages of a conversation. */
  size(name: string): ConversationSize {
    return this.#session.store.deletions.size(name);
  }

  /**
   * Deletes a conversation, with the files of it that the client's own folder holds.
   * The contact's keys, its alias, and whether it is blocked or muted remain.
   *
   * @throws {UserError} where messages are being received, or one of the
   * conversation is being sent
   */
  async delete(name: string): Promise<void> {
    const { contacts, deletions } = this.#session.store;
    const contact = contacts.named(name);
    using lock = await this.#session.store.lock("pull", RECEIVE_PATIENCE);
    if (lock === undefined) {
      throw new UserError(
        "Messages are being received, so nothing is deleted",
        "Try again in a while; if another client in this folder is stuck, end it",
      );
    }
    const { paths } = deletions.conversation(name);
    if (contact !== undefined) {
      contacts.setFlag(contact, "chosen", false);
      const unread = new UnreadMessages(this.#dir);
      await unread.remove(contact.clientId);
      if (contact.succeeds !== undefined) {
        await unread.remove(contacts.at(contact.succeeds).clientId);
      }
    }
    await this.#removeFiles(paths);
  }

  /**
   * Deletes messages that were stored before a time, but none that is unread or
   * unsent. Deletes at most 1000, so that it takes little time.
   *
   * @param time in milliseconds since 1970
   * @returns whether older ones may be left
   */
  async expire(time: number): Promise<boolean> {
    const { deletions, messages } = this.#session.store;
    const first = messages.firstSince(time);
    if (first === undefined) return false;
    const { count, paths } = deletions.expired(first, MOST_EXPIRED);
    await this.#removeFiles(paths);
    return count === MOST_EXPIRED;
  }

  /** Removes files in the store's folder. Others are where the user wants them. */
  async #removeFiles(paths: readonly string[]): Promise<void> {
    const { folder } = this.#session.store.database;
    try {
      const own = await Deno.realPath(folder);
      for (const path of paths) {
        const isOwn = isWithin(own, path) && resolve(path) !== own;
        if (isOwn) await removeIfThere(path);
      }
    } catch (cause) {
      throw new FolderError(
        `The messages are deleted, but a file of them isn't: ${
          reasonOf(cause)
        }`,
        `See that ${folder} can be written, and remove what is in its folders`,
        { cause },
      );
    }
  }
}

/** Describes the messages that a deletion is about: `3 messages, 1 of them unsent,`. */
export function describeSize({ messages, unsent }: ConversationSize): string {
  const all = formatThings(messages, "message");
  return unsent === 0 ? all : `${all}, ${unsent} of them unsent,`;
}
