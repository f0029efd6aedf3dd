/**
 * Telling of messages that arrive where the user doesn't look.
 *
 * @module
 */

import type { ContactSummary } from "../../../store/message.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { cut } from "../view/graphemes.ts";
import type { NotifyMode } from "../model/commands.ts";

/** Milliseconds between two of them at least. */
const APART = 3000;
/** Names that one of them tells. */
const MOST_NAMES = 3;

/** Notices that messages came in, and says so now and then. */
export class Arrivals {
  #unread = new Map<string, number>();
  #last = -Infinity;
  #told = new Set<string>();

  /** What is unread now is no news. */
  settle(contacts: readonly ContactSummary[]): void {
    this.#unread = new Map(contacts.map(({ name, unread }) => [name, unread]));
  }

  /**
   * Who has written since it was last asked, as far as that is to be told now;
   * what comes too soon after is told with the next one.
   *
   * @param looking the name of the one whose messages are being looked at
   * @param now in ms
   */
  take(
    contacts: readonly ContactSummary[],
    looking: string | undefined,
    now: number,
  ): string[] {
    for (const { name, unread } of contacts) {
      if (unread > (this.#unread.get(name) ?? 0) && name !== looking) {
        this.#told.add(name);
      }
      if (unread === 0) this.#told.delete(name);
    }
    this.settle(contacts);
    if (this.#told.size === 0 || now - this.#last < APART) return [];
    const names = [...this.#told];
    this.#told.clear();
    this.#last = now;
    return names;
  }
}

/** What tells a terminal of it: names only, nothing of what was written. */
export function announcement(mode: NotifyMode, names: string[]): string {
  if (mode === "off" || names.length === 0) return "";
  if (mode === "bell") return "\x07";
  const shown = names.slice(0, MOST_NAMES)
    .map((name) => cut(printableLine(name), 40)).join(", ");
  const more = names.length > MOST_NAMES ? " and others" : "";
  return `\x1b]9;MessageU: message from ${shown}${more}\x07`;
}
