/**
 * The table of keys in docs/chat.md, from the declarations of their actions.
 *
 * @module
 */

import { keyHelp } from "../../client/ui/chat/input/actions.ts";
import { table } from "./markdown.ts";

/** The keys of the chat. */
export function chatKeys(): string {
  return table([
    ["key", "what it does"],
    ...keyHelp().map(([keys, does]) => [
      keys,
      `${does.slice(0, 1).toUpperCase()}${does.slice(1)}.`,
    ]),
  ]);
}
