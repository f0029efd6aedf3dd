/**
 * Names keys independently of the terminal, and handles them on the conversation
 * and on the results of a search.
 *
 * @module
 */

import {
  printableLine,
  withoutControls,
} from "../../../../shared/cli/printable.ts";
import type { Session } from "../../../session/session.ts";
import type { CommandRunner } from "../run/command_runner.ts";
import { complete, readEntry } from "../model/commands.ts";
import type { Chat, ChatEnvironment } from "../run/chat_parts.ts";
import { conversationHeight, noticesOf } from "../view/frame.ts";
import type { Sender } from "../run/sender.ts";
import type { Key } from "ink";

/** A pressed key, or typed text. */
export type Press =
  | { kind: "text"; text: string }
  | { kind: "key"; name: string };

// Names of keys in the chat: "ctrl-a", "alt-up", "enter", ...
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

/** Handles the keys of a chat. */
export class Keyboard {
  readonly #session: Session;
  readonly #chat: Chat;
  readonly #commands: CommandRunner;
  readonly #sender: Sender;
  readonly #environment: ChatEnvironment;

  constructor(
    session: Session,
    chat: Chat,
    commands: CommandRunner,
    sender: Sender,
    environment: ChatEnvironment,
  ) {
    this.#session = session;
    this.#chat = chat;
    this.#commands = commands;
    this.#sender = sender;
    this.#environment = environment;
  }

  /** Handles a key or typed text. */
  press(press: Press): void {
    this.#chat.guard(() => {
      this.#chat.hurry();
      if (press.kind === "text") {
        this.#chat.dispatch({ kind: "typed", text: press.text });
      } else if (this.#chat.state.hits === undefined) this.#key(press.name);
      else this.#hitsKey(press.name);
    });
  }

  #key(name: string): void {
    const { editor } = this.#chat.state;
    const page = this.#page();
    switch (name) {
      case "enter":
        return this.#enter(editor.text);
      case "tab":
        return void this.#chat.attempt(() => this.#complete());
      case "pageup":
        return this.#scroll(page);
      case "pagedown":
        return this.#scroll(-page);
      case "escape":
        if (this.#commands.endSearch() || this.#closeNotices()) return;
        this.#chat.toEnd();
        return this.#skip();
      case "ctrl-n":
      case "alt-down":
        return this.#step(1);
      case "ctrl-p":
      case "alt-up":
        return this.#step(-1);
      case "alt-e":
        return void this.#chat.attempt(() => this.#commands.edit(editor.text));
      case "ctrl-l":
        return this.#environment.redraw();
      case "ctrl-z":
        return this.#environment.stop();
      case "ctrl-c":
      case "ctrl-d":
        if (name === "ctrl-c" && this.#commands.endSearch()) return;
        if (editor.text === "") return this.#environment.leave(0);
    }
    this.#chat.dispatch({ kind: "edited", key: name });
  }

  #hitsKey(name: string): void {
    const { hits } = this.#chat.state;
    if (hits === undefined) return;
    if (name === "ctrl-z") return this.#environment.stop();
    if (name === "escape" && this.#closeNotices()) return;
    const move = (by: number) => {
      const last = hits.messages.length - 1;
      const at = Math.max(0, Math.min(last, hits.at + by));
      this.#chat.dispatch({ kind: "set", hits: { ...hits, at } });
    };
    const chosen = hits.messages[hits.at];
    switch (name) {
      case "up":
        return move(-1);
      case "down":
        return move(1);
      case "pageup":
        return move(-10);
      case "pagedown":
        return move(10);
      case "enter":
        if (chosen !== undefined) {
          return this.#chat.jump(chosen.contact, chosen.id);
        }
    }
    if (["enter", "escape", "ctrl-c", "ctrl-d"].includes(name)) {
      this.#chat.dispatch({ kind: "set", hits: undefined });
    }
  }

  #enter(line: string): void {
    if (line.trim() === "") return;
    // Stands for input of the terminal that isn't UTF-8.
    if (line.includes("\ufffd")) {
      return this.#chat.tell(
        "Not entered: a character in it (\ufffd) couldn't be read as UTF-8",
      );
    }
    const entry = readEntry(line);
    const { open } = this.#chat.state;
    if (entry.kind === "text" && open === undefined) {
      return this.#chat.tell(
        "No conversation is open: /chat NAME opens one",
      );
    }
    this.#chat.dispatch({ kind: "entered", line });
    this.#chat.toEnd();
    if (entry.kind === "command") this.#commands.run(entry.name, entry.rest);
    else if (open !== undefined) this.#sender.text(open, entry.text);
  }

  async #complete(): Promise<void> {
    const { editor, contacts } = this.#chat.state;
    if (editor.cursor < editor.text.length) return;
    const { line, candidates } = await complete(editor.text, {
      names: contacts.map(({ name }) => name)
        .filter((name) => printableLine(name) === name),
      list: async (folder) =>
        (await this.#environment.list(folder))
          .filter((name) => withoutControls(name) === name),
      home: this.#environment.home,
    });
    // The user has typed on meanwhile.
    if (this.#chat.state.editor !== editor) return;
    this.#chat.dispatch({ kind: "completed", line, candidates });
  }

  /** Rows that PageUp scrolls, in the notices if these are too long. */
  #page(): number {
    const { rows, hidden } = noticesOf(this.#chat.state);
    const height = hidden > 0
      ? rows.length
      : conversationHeight(this.#chat.state);
    return Math.max(1, height - 2);
  }

  /** Closes the notices; returns false if there are none. */
  #closeNotices(): boolean {
    if (this.#chat.state.notices.length === 0) return false;
    this.#chat.dispatch({ kind: "set", notices: [], noticesTop: undefined });
    return true;
  }

  #scroll(by: number): void {
    const { first, hidden } = noticesOf(this.#chat.state);
    if (hidden > 0) {
      const noticesTop = Math.max(0, Math.min(hidden, first - by));
      return this.#chat.dispatch({ kind: "set", noticesTop });
    }
    const target = () => {
      const view = this.#chat.view();
      const position = view.scroll(this.#chat.state.position, by);
      return { position, top: view.visible(position).messages[0]?.id };
    };
    let { position, top } = target();
    const [oldest] = this.#chat.state.messages;
    const more = by > 0
      ? top === undefined || top === oldest?.id ? this.#chat.older() : false
      : position === undefined && this.#chat.newer();
    if (more) ({ position } = target());
    this.#chat.dispatch({ kind: "set", position });
  }

  /** Marks the skipped messages as shown. */
  #skip(): void {
    // The contact may have been renamed in the store since the last refresh.
    this.#chat.refresh();
    const { contacts, open } = this.#chat.state;
    const contact = contacts.find(({ name }) => name === open);
    if (contact === undefined || contact.unread === 0) return;
    const ids = this.#session.messages.list({ name: contact.name })
      .filter(({ shown }) => !shown).map(({ id }) => id);
    this.#session.messages.markShown(ids);
    this.#chat.refresh();
  }

  #step(by: number): void {
    const { contacts, open } = this.#chat.state;
    const at = contacts.findIndex(({ name }) => name === open);
    const next = contacts.at((at + by + contacts.length) % contacts.length);
    if (next !== undefined) this.#chat.open(next.name);
  }
}
