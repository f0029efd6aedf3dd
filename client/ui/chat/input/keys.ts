/**
 * What the user does at the keyboard, apart from how a terminal says it.
 *
 * @module
 */

import type { Key } from "ink";

/** A key, or text that was typed. */
export type Press =
  | { kind: "text"; text: string }
  | { kind: "key"; name: string };

// The names by which the chat knows keys: "ctrl-a", "alt-up", "enter", ...
const CONTROLS: Record<string, string> = {
  "\r": "enter",
  "\n": "newline",
  "\t": "tab",
  "\x1b": "escape",
  "\b": "backspace",
  "\x7f": "backspace",
};
const NAMED = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "escape"],
  ["tab", "tab"],
  ["backspace", "backspace"],
  ["delete", "delete"],
] as const;

/**
 * The presses in what Ink hands over, which is one key or all the text that
 * arrived at once, with the controls that were typed between.
 */
export function presses(input: string, key: Key): Press[] {
  const named = NAMED.find(([flag]) => key[flag]);
  if (named !== undefined) {
    const name = named[1];
    // Escape before a key is Alt; for Escape itself it says nothing.
    if (name === "escape") return [{ kind: "key", name }];
    const shift = key.shift && name === "tab" ? "shift-" : "";
    return [{ kind: "key", name: modifiers(key) + shift + name }];
  }
  if (key.ctrl || key.meta) {
    return input === ""
      ? []
      : [{ kind: "key", name: modifiers(key) + input.toLowerCase() }];
  }
  return split(input);
}

function modifiers({ ctrl, meta }: Key): string {
  return (meta ? "alt-" : "") + (ctrl ? "ctrl-" : "");
}

function split(input: string): Press[] {
  const found: Press[] = [];
  // deno-lint-ignore no-control-regex -- keys are controls
  for (const part of input.split(/([\x00-\x1f\x7f])/)) {
    if (part === "") continue;
    const name = CONTROLS[part] ?? controlName(part);
    found.push(
      name === undefined ? { kind: "text", text: part } : { kind: "key", name },
    );
  }
  return found;
}

function controlName(part: string): string | undefined {
  const code = part.charCodeAt(0);
  return part.length === 1 && code > 0 && code < 27
    ? `ctrl-${String.fromCharCode(code + 96)}`
    : code < 32
    ? ""
    : undefined;
}
