import { encodeHex } from "@std/encoding";
import type { BatchMessage } from "./batch.ts";

/** Messages that are remembered, the latest ones. */
const MOST_REMEMBERED = 200_000;

/** What became of a message when it was met before. */
export type Verdict = "shown" | "unreadable";

/**
 * Remembers what was received, so that what a relay hands out again is shown
 * once (section 4, point 5). A message is its sender, its id and its content:
 * servers that lose their database start their ids anew.
 */
export class Repeats {
  readonly #known = new Map<string, Verdict>();

  /** What became of the message before, or undefined where it is new. */
  async get(message: BatchMessage): Promise<Verdict | undefined> {
    return this.#known.get(await identify(message));
  }

  /** Remembers what became of a message. */
  async set(message: BatchMessage, verdict: Verdict): Promise<void> {
    this.#known.set(await identify(message), verdict);
    if (this.#known.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}

async function identify(message: BatchMessage): Promise<string> {
  const digest = await message.content.digest();
  return [
    encodeHex(message.sender),
    message.messageId,
    message.type,
    encodeHex(digest),
  ].join(" ");
}
