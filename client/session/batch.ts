/**
 * One answer with waiting messages, as it came, and the messages in it.
 *
 * @module
 */

import { readWaitingHead } from "../../shared/wire/contents.ts";
import { WAITING_OVERHEAD } from "../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../shared/wire/requests.ts";
import type { UserError } from "../errors.ts";
import {
  MemoryContent,
  type ReceivedContent,
  type StoredContent,
} from "./received_content.ts";

/** Bytes that are read at once: small messages come many at a time. */
const WINDOW_SIZE = 64 * 1024;

/** A message of a batch; a long content isn't loaded yet. */
export interface BatchMessage extends Omit<WaitingMessage, "content"> {
  /** As it was sent. It can be read until the batch is done with. */
  content: ReceivedContent;
}

/** One answer's payload, in a file or in memory. */
export class Batch {
  /** Its file, or undefined where it is only in memory. */
  readonly path: string | undefined;
  /** Why less was kept than the answer had, or undefined where all of it is. */
  readonly refused: UserError | undefined;
  readonly #payload: StoredContent;

  /**
   * @param payload all that arrived
   * @param path the payload's file
   * @param refused why it isn't all that was claimed
   */
  constructor(payload: StoredContent, path?: string, refused?: UserError) {
    this.#payload = payload;
    this.path = path;
    this.refused = refused;
  }

  /** Bytes of payload. */
  get size(): number {
    return this.#payload.size;
  }

  /** A stretch of the payload, which must lie within. */
  part(start: number, size: number): StoredContent {
    return this.#payload.part(start, size);
  }

  /**
   * The messages, oldest first.
   *
   * @throws {FormatError} behind the last whole message, where more follows
   */
  async *messages(): AsyncGenerator<BatchMessage, void, void> {
    let window = new Uint8Array(0);
    let windowStart = 0;
    const load = async (start: number, size: number) => {
      const end = windowStart + window.length;
      if (start >= windowStart && start + size <= end) return;
      const most = Math.min(WINDOW_SIZE, this.size - start);
      window = await this.#payload.part(start, most).bytes();
      windowStart = start;
    };
    for (let at = 0, index = 0; at < this.size; index++) {
      const left = this.size - at;
      await load(at, Math.min(left, WAITING_OVERHEAD));
      const head = window.subarray(at - windowStart);
      const { contentSize, ...start } = readWaitingHead(head, left, index);
      at += WAITING_OVERHEAD;
      let content: StoredContent;
      if (contentSize <= WINDOW_SIZE) {
        await load(at, contentSize);
        const offset = at - windowStart;
        content = new MemoryContent(
          window.slice(offset, offset + contentSize),
        );
      } else {
        content = this.#payload.part(at, contentSize);
      }
      yield { ...start, content };
      at += contentSize;
    }
  }
}
