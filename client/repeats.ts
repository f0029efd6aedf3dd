import { encodeHex } from "@std/encoding";
import type { WaitingMessage } from "../shared/responses.ts";

/**
 * Remembers what was received, so that what a relay hands out again is shown
 * once (section 4, point 5). A message is its sender, its id and its content:
 * servers that lose their database start their ids anew.
 */
export class Repeats {
  readonly #known = new Set<string>();

  /** Whether the message was added before. */
  async has(message: WaitingMessage): Promise<boolean> {
    return this.#known.has(await identify(message));
  }

  /** Remembers a message. */
  async add(message: WaitingMessage): Promise<void> {
    this.#known.add(await identify(message));
  }
}

async function identify(message: WaitingMessage): Promise<string> {
  const content = message.content as Uint8Array<ArrayBuffer>;
  const digest = await crypto.subtle.digest("SHA-256", content);
  return [
    encodeHex(message.sender),
    message.messageId,
    message.type,
    encodeHex(new Uint8Array(digest)),
  ].join(" ");
}
