/**
 * Carries out the actions of keys, on the conversation and on the results of a
 * search.
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
import { type Hits, stepped } from "../model/hits.ts";
import type { Sender } from "../run/sender.ts";
import type { ActionName } from "../../../settings/chat_actions.ts";
import type { Press } from "./presses.ts";

/** Rows by which the wheel scrolls. */
const WHEEL_ROWS = 3;

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
      if (press.kind === "text") return this.#type(press.text);
      const action = this.#environment.bindings.get(press.name);
      if (action === undefined || this.#endRecall(action)) return;
      const { hits } = this.#chat.state;
      if (hits?.isListed) this.#actOnHits(action, hits);
      else this.#act(action);
    });
  }

  #type(text: string): void {
    const { editor, hits, recall } = this.#chat.state;
    const isFree = editor.text === "" && recall === undefined;
    if (hits !== undefined && isFree && /^(?:n+|N+)$/.test(text)) {
      const by = text.startsWith("n") ? text.length : -text.length;
      this.#toHit(stepped(hits, by));
    } else this.#chat.dispatch({ kind: "typed", text });
  }

  /**
   * Selects a result of a search. One of another conversation is selected in the
   * list: n may begin a text, which must not go to another contact.
   */
  #toHit(hits: Hits): void {
    const { open } = this.#chat.state;
    const isHere = hits.messages[hits.at]?.contact === open;
    if (isHere && !hits.isListed) return this.#chat.jump(hits);
    this.#chat.dispatch({ kind: "set", hits: { ...hits, isListed: true } });
  }

  #act(action: ActionName): void {
    const { editor, contactsHidden } = this.#chat.state;
    switch (action) {
      case "send":
        return this.#enter(editor.text);
      case "complete":
        return void this.#chat.attempt(() => this.#complete());
      case "page-up":
        return this.#scroll(this.#page());
      case "page-down":
        return this.#scroll(-this.#page());
      case "scroll-up":
        return this.#scroll(WHEEL_ROWS);
      case "scroll-down":
        return this.#scroll(-WHEEL_ROWS);
      case "mouse":
        return void this.#chat.attempt(() => this.#toggleMouse());
      case "close":
        return this.#close();
      case "next-unread":
        return this.#toUnread();
      case "next-contact":
        return this.#step(1);
      case "previous-contact":
        return this.#step(-1);
      case "contacts":
        return this.#chat.dispatch({
          kind: "set",
          contactsHidden: !contactsHidden,
        });
      case "editor":
        return void this.#chat.attempt(() => this.#commands.edit(editor.text));
      case "redraw":
        return this.#environment.redraw();
      case "stop":
        return this.#environment.stop();
      case "discard":
        return this.#discard();
      case "erase-or-quit":
        return this.#editOrLeave(action);
      default:
        this.#chat.dispatch({ kind: "edited", action });
    }
  }

  #actOnHits(action: ActionName, hits: Hits): void {
    const { editor } = this.#chat.state;
    const move = (by: number) => {
      const last = hits.messages.length - 1;
      const at = Math.max(0, Math.min(last, hits.at + by));
      this.#chat.dispatch({ kind: "set", hits: { ...hits, at } });
    };
    switch (action) {
      case "up":
        return move(-1);
      case "down":
        return move(1);
      case "scroll-up":
        return move(-1);
      case "scroll-down":
        return move(1);
      case "page-up":
        return move(-10);
      case "page-down":
        return move(10);
      case "send":
        // The text was typed while the search ran.
        if (editor.text !== "") return this.#enter(editor.text);
        return this.#chat.jump(hits);
      case "erase-or-quit":
        return this.#chat.dispatch({ kind: "set", hits: undefined });
      default:
        this.#act(action);
    }
  }

  /** Ends a search and discards the text; leaves the chat if there is neither. */
  #discard(): void {
    const isSearching = this.#commands.endSearch() ||
      this.#chat.state.hits !== undefined;
    if (!isSearching) return this.#editOrLeave("discard");
    this.#chat.dispatch(
      { kind: "set", hits: undefined },
      { kind: "edited", action: "discard" },
    );
  }

  async #toggleMouse(): Promise<void> {
    const isOn = this.#environment.toggleMouse();
    this.#chat.tell(
      isOn
        ? "The wheel scrolls; hold Shift to select text"
        : "The wheel doesn't scroll; the mouse selects text",
      "mouse",
    );
    await this.#environment.keep("mouse", isOn ? "on" : "off");
  }

  /** Takes the found line of the input history; returns false if none is sought. */
  #endRecall(action: ActionName): boolean {
    if (this.#chat.state.recall === undefined) return false;
    const ends = ["send", "complete", "close"].includes(action);
    if (ends) this.#chat.dispatch({ kind: "recalled" });
    return ends;
  }

  #editOrLeave(action: "discard" | "erase-or-quit"): void {
    const { editor, recall } = this.#chat.state;
    if (editor.text === "" && recall === undefined) {
      this.#environment.leave(0);
    } else this.#chat.dispatch({ kind: "edited", action });
  }

  #close(): void {
    if (this.#commands.endSearch() || this.#closeNotices()) return;
    if (this.#chat.state.hits !== undefined) {
      return this.#chat.dispatch({ kind: "set", hits: undefined });
    }
    this.#chat.toEnd();
    this.#chat.dispatch({ kind: "set", firstNew: undefined });
    this.#skip();
  }

  /** Opens the next conversation with unread messages, the open one last. */
  #toUnread(): void {
    const { contacts, open } = this.#chat.state;
    const at = contacts.findIndex(({ name }) => name === open) + 1;
    const next = [...contacts.slice(at), ...contacts.slice(0, at)]
      .find(({ unread }) => unread > 0);
    if (next !== undefined) return this.#chat.open(next.name);
    this.#chat.tell("Nothing is unread");
  }

  #enter(line: string): void {
    if (line.trim() === "") {
      return this.#chat.dispatch({ kind: "wrote", text: "" });
    }
    // Stands for input of the terminal that isn't UTF-8.
    if (line.includes("\ufffd")) {
      return this.#chat.tell(
        "Not entered: a character in it (\ufffd) couldn't be read as UTF-8",
      );
    }
    const entry = readEntry(line);
    const { open } = this.#chat.state;
    if (entry.kind === "lines") {
      return this.#chat.tell(
        "Not entered: a command has one line. A text that starts with a slash is written with two",
      );
    }
    if (entry.kind === "text" && open === undefined) {
      return this.#chat.tell(
        "Not sent: no conversation is open. Ctrl-N or /chat NAME opens one",
      );
    }
    this.#chat.dispatch({ kind: "entered", line });
    this.#chat.toEnd();
    if (entry.kind === "command") this.#commands.run(entry.name, entry.rest);
    else if (open !== undefined) {
      this.#commands.dropQuestion();
      this.#sender.text(open, entry.text);
    }
  }

  async #complete(): Promise<void> {
    const { editor } = this.#chat.state;
    if (editor.cursor < editor.text.length) return;
    const { line, candidates } = await complete(editor.text, {
      names: () =>
        this.#session.contacts.names()
          .filter((name) => printableLine(name) === name),
      list: async (folder) =>
        (await this.#environment.list(folder))
          .filter((name) => withoutControls(name) === name),
      home: this.#environment.home,
      platform: this.#environment.platform,
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
    // Without an open one, the first is the next, and the last the previous.
    const from = at < 0 && by < 0 ? 0 : at;
    const next = contacts.at((from + by + contacts.length) % contacts.length);
    if (next !== undefined) this.#chat.open(next.name);
  }
}
