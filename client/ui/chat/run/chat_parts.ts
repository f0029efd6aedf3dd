/**
 * What the parts of a chat see of it, and what it needs of its environment.
 *
 * @module
 */

import type { KeyChangedError, UserError } from "../../../errors.ts";
import type { ConversationView } from "../view/conversation_rows.ts";
import type { ChatEvent, ChatState } from "../model/model.ts";

/** A chat, as its keyboard, its commands, its sender and its relay see it. */
export interface Chat {
  /** The state as it is. */
  readonly state: ChatState;
  /** Changes the state and shows what came of it. */
  dispatch(...events: ChatEvent[]): void;
  /** Says something within the conversation. */
  tell(text: string, tone?: "notice" | "alarm"): void;
  /** Warns of another public key under a known name. */
  alarm(warning: KeyChangedError): void;
  /** Tells of a failure that may come again and again. */
  complainOnce(error: UserError): void;
  /** Does something; what the user should know of a failure is told. */
  attempt(
    work: () => Promise<void>,
    failed?: (error: UserError) => void,
  ): Promise<void>;
  /** Does something synchronous; shows a failure that the user should know of. */
  guard(work: () => void): void;
  /** Takes over what has changed in the folder. */
  refresh(): void;
  /** Opens the conversation with a contact. */
  open(name: string): void;
  /** Opens a conversation at one of its messages. */
  jump(name: string, id: number): void;
  /** Goes to the end of the conversation. */
  toEnd(): void;
  /** Something happens in a conversation, so an answer may be near. */
  hurry(): void;
  /** The conversation as it is laid out on the screen. */
  view(): ConversationView;
  /** Loads earlier messages; false where there are none. */
  older(): boolean;
  /** Loads later messages; false where there are none. */
  newer(): boolean;
}

/** What a chat needs of the world beside the session. */
export interface Surroundings {
  /** Sends a terminal what isn't part of a frame. */
  signal: (sequence: string) => void;
  /** Draws the whole screen anew. */
  redraw: () => void;
  /** Stops the program until the shell continues it. */
  stop: () => void;
  /** Gives the terminal away, to edit a text. */
  edit: (text: string) => Promise<string>;
  /** The names in a folder, those of folders with a slash behind. */
  list: (folder: string) => Promise<string[]>;
  /** What `~` stands for. */
  home: string | undefined;
  /** Ends the chat, with an exit code. */
  leave: (code: number) => void;
  /** Ends the chat with what must not happen. */
  fail: (error: unknown) => void;
}
