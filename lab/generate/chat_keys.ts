/**
 * The table of keys in docs/chat.md, from the declarations of their actions.
 *
 * @module
 */

import { keyHelp } from "../../client/settings/chat_actions.ts";
import { code, table } from "./markdown.ts";

/** The keys of the chat. */
export function chatKeys(): string {
  return table([
    ["key", "action", "what it does"],
    ...keyHelp().map(([keys, does, name]) => [
      keys,
      code(name),
      `${does.slice(0, 1).toUpperCase()}${does.slice(1)}.`,
    ]),
  ]);
}
