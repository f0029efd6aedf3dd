/**
 * Interfaces between the parts of a chat, and to its environment.
 *
 * @module
 */

import type { Spell } from "../../../advice.ts";
import type { KeyChangedError, UserError } from "../../../errors.ts";
import type { Platform } from "../../../../shared/platform/platform.ts";
import type { KeyBindings } from "../../../settings/chat_actions.ts";
import type { SettingName } from "../../../settings/settings.ts";
import type { ConversationView } from "../view/conversation_rows.ts";
import type { Hits } from "../model/hits.ts";
import type { ChatEvent, ChatState } from "../model/model.ts";

/** The chat as its parts use it. */
export interface Chat {
  /** The current state. */
  readonly state: ChatState;
  /** Applies events to the state and shows the new frame. */
  dispatch(...events: ChatEvent[]): void;
  /** Shows a notice below the conversation, in place of one with the same topic. */
  tell(text: string, topic?: string): void;
  /** Warns of a changed public key. */
  alarm(warning: KeyChangedError): void;
  /** Formats a failure, with commands as the chat has them. */
  describe(error: UserError): string;
  /** Reports a failure once, even if it recurs. */
  complainOnce(error: UserError): void;
  /** Runs a task; reports a {@linkcode UserError}, ends the chat on other errors. */
  attempt(
    work: () => Promise<void>,
    failed?: (error: UserError) => void,
  ): Promise<void>;
  /** Runs a synchronous task like {@linkcode Chat.attempt}. */
  guard(work: () => void): void;
  /** Reloads contacts and messages from the folder. */
  refresh(): void;
  /** Opens the conversation with a contact, at the first unread message. */
  open(name: string): void;
  /** Closes the open conversation. */
  close(): void;
  /** Opens the conversation of the selected result of a search. */
  jump(hits: Hits): void;
  /** Scrolls to the end of the conversation. */
  toEnd(): void;
  /** Polls the relay more often: a message may arrive soon. */
  hurry(): void;
  /** The view of the open conversation. */
  view(): ConversationView;
  /** Loads earlier messages; returns false if there are none. */
  older(): boolean;
  /** Loads later messages; returns false if there are none. */
  newer(): boolean;
}

/** Topic of the notices about a contact's public key. */
export function keyTopic(name: string): string {
  return `key of ${name}`;
}

/** The environment of a chat. */
export interface ChatEnvironment {
  /** Writes a control sequence to the terminal. */
  signal: (sequence: string) => void;
  /** Sets the title of the window. */
  title: (text: string) => void;
  /** Lets the mouse wheel scroll, or not; returns whether it does. */
  toggleMouse: () => boolean;
  /** Redraws the screen. */
  redraw: () => void;
  /** Stops the program until the shell continues it. */
  stop: () => void;
  /** Lets the user edit a text in an external editor. */
  edit: (text: string) => Promise<string>;
  /** Lists a folder; folders end with a slash. */
  list: (folder: string) => Promise<string[]>;
  /** Opens a file with the desktop's program for it; resolves once that has it. */
  openFile: (path: string) => Promise<void>;
  /** How the user's shell has commands that the chat lacks. */
  spell: Spell;
  /** Writes a setting into the settings file. */
  keep: (name: SettingName, value: string) => Promise<void>;
  /** Whether received files go to a folder that stays. */
  keepsFiles: boolean;
  /** What keys do. */
  bindings: KeyBindings;
  /** The folder for `~`. */
  home: string | undefined;
  platform: Platform;
  /** The time that polls of the relay go by, in milliseconds. */
  now: () => number;
  /** Ends the chat with an exit code. */
  leave: (code: number) => void;
  /** Ends the chat with an unexpected error. */
  fail: (error: unknown) => void;
}
