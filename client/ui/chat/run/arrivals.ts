/**
 * Notifies the user of messages that arrive in other conversations.
 *
 * @module
 */

import type { ContactSummary } from "../../../store/message.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { cut } from "../view/rows.ts";
import type { NotifyMode } from "../../../settings/settings.ts";

/** Minimum interval of notifications in milliseconds. */
const APART = 3000;
/** Maximum number of names in a notification. */
const MOST_NAMES = 3;

/** Detects arriving messages and limits the rate of notifications. */
export class Arrivals {
  #unread = new Map<string, number>();
  #last = -Infinity;
  #pending = new Set<string>();

  /** Takes the current unread messages as known. */
  settle(contacts: readonly ContactSummary[]): void {
    this.#unread = new Map(contacts.map(({ name, unread }) => [name, unread]));
  }

  /**
   * The contacts to notify of now. Postpones those that come too soon after the
   * last notification.
   *
   * @param looking the contact whose conversation is visible
   * @param now in milliseconds
   */
  take(
    contacts: readonly ContactSummary[],
    looking: string | undefined,
    now: number,
  ): string[] {
    for (const { name, unread, muted } of contacts) {
      const isNews = unread > (this.#unread.get(name) ?? 0);
      if (isNews && !muted && name !== looking) this.#pending.add(name);
      if (unread === 0) this.#pending.delete(name);
    }
    this.settle(contacts);
    if (this.#pending.size === 0 || now - this.#last < APART) return [];
    const names = [...this.#pending];
    this.#pending.clear();
    this.#last = now;
    return names;
  }
}

/** The control sequence of a notification: names, no content. */
export function announcement(mode: NotifyMode, names: string[]): string {
  if (mode === "off" || names.length === 0) return "";
  if (mode === "bell") return "\x07";
  const shown = names.slice(0, MOST_NAMES)
    .map((name) => cut(printableLine(name), 40)).join(", ");
  const more = names.length > MOST_NAMES ? " and others" : "";
  return `\x1b]9;MessageU: message from ${shown}${more}\x07`;
}
