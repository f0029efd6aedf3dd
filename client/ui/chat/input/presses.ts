/**
 * Names keys independently of the terminal.
 *
 * @module
 */

import type { Key } from "ink";

/** A pressed key, or typed text. */
export type Press =
  | { kind: "text"; text: string }
  | { kind: "key"; name: string };

// Names of keys in the chat: "ctrl-a", "alt-up", "enter", ...
const CONTROLS: Record<string, string> = {
  "\r": "enter",
  "\n": "ctrl-j",
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
 * Splits an input event of Ink: one key, or all the text that arrived at once
 * with the controls between.
 */
export function presses(input: string, key: Key): Press[] {
  const named = NAMED.find(([flag]) => key[flag]);
  if (named !== undefined) {
    const name = named[1];
    // Ink reports Escape with the Alt modifier.
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

/** A report of the mouse: its button, column and row. */
// deno-lint-ignore no-control-regex -- begins with a control
const MOUSE = /\x1b\[<(\d+);\d+;\d+[Mm]/g;
/** The buttons of the wheel; others have no meaning. */
const WHEEL: Readonly<Record<number, string>> = {
  64: "wheel-up",
  65: "wheel-down",
};

/** Finds the turns of the wheel in what a terminal sends; Ink leaves them out. */
export function wheelPresses(input: string): Press[] {
  return [...input.matchAll(MOUSE)].flatMap(([, button]) => {
    // Bits of held keys.
    const name = WHEEL[Number(button) & ~28];
    return name === undefined ? [] : [{ kind: "key", name }];
  });
}
