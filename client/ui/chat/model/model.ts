/**
 * State of the chat and its reducer. Has no access to the terminal, the relay or
 * the folder.
 *
 * @module
 */

import type {
  ContactSummary,
  Message,
  MessageNumber,
} from "../../../store/message.ts";
import { withoutControls } from "../../../../shared/cli/printable.ts";
import type { Hits } from "./hits.ts";
import type { Position } from "../view/conversation_rows.ts";
import type { Notice } from "../view/notice_panel.ts";
import type { ActionName } from "../../../settings/chat_actions.ts";
import { type Editor, EMPTY, written } from "../input/editor.ts";
import {
  edit,
  type InputLine,
  NO_INPUT,
  remember,
  typeText,
} from "../input/input_line.ts";
import type { NotifyMode } from "../../../settings/settings.ts";

/** State of the connection to the relay. Times are those of `performance.now()`. */
export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "connected" }
  | { kind: "retrying"; until: number }
  | { kind: "refused"; until: number };

/** The state of the chat, from which frames follow. */
export interface ChatState extends InputLine {
  readonly size: { columns: number; rows: number };
  readonly contacts: readonly ContactSummary[];
  /** The contact of the open conversation. */
  readonly open: string | undefined;
  /** The loaded part of the conversation, oldest first. */
  readonly messages: readonly Message[];
  /** The notices that the user hasn't closed, the latest last. */
  readonly notices: readonly Notice[];
  /** First visible row of the notices; undefined until the user scrolls them. */
  readonly noticesTop: number | undefined;
  /** The message below the line "new". */
  readonly firstNew: MessageNumber | undefined;
  /** Scroll position; undefined at the end of the conversation. */
  readonly position: Position | undefined;
  /** Unsent input of other conversations, by contact. */
  readonly drafts: ReadonlyMap<string, Editor>;
  /** Completions of the input line. */
  readonly candidates: readonly string[];
  readonly hits: Hits | undefined;
  readonly connection: ConnectionState;
  /** Time of the last event with a time, on the clock of `performance.now()`. */
  readonly now: number;
  /** Progress of a transfer. */
  readonly progress: string | undefined;
  /** Whether a search is running. */
  readonly searching: boolean;
  /** Messages that wait for the relay. */
  readonly waiting: ReadonlySet<number>;
  readonly notify: NotifyMode;
  /** Whether the user has hidden the contacts. */
  readonly contactsHidden: boolean;
  /** Whether the terminal has the focus; true if it doesn't report it. */
  readonly focused: boolean;
}

/** The parts of the state that an event replaces as they are. */
type Settable = Pick<
  ChatState,
  | "size"
  | "focused"
  | "contacts"
  | "contactsHidden"
  | "open"
  | "firstNew"
  | "messages"
  | "notices"
  | "noticesTop"
  | "position"
  | "connection"
  | "now"
  | "progress"
  | "searching"
  | "waiting"
  | "notify"
  | "hits"
>;

/** An event that changes the state. */
export type ChatEvent =
  | { kind: "set" } & Partial<Settable>
  | {
    kind: "opened";
    name: string;
    messages: readonly Message[];
    firstNew?: MessageNumber | undefined;
    /** The search of which a result is shown. */
    hits?: Hits;
  }
  | { kind: "renamed"; from: string; to: string }
  | { kind: "typed"; text: string }
  | { kind: "edited"; action: ActionName }
  | { kind: "recalled" }
  | { kind: "completed"; line: string; candidates: readonly string[] }
  | { kind: "entered"; line: string }
  | { kind: "wrote"; text: string }
  /** A text to a contact couldn't be stored. */
  | { kind: "returned"; name: string; text: string }
  | { kind: "notice" } & Notice;

/** Maximum number of notices. */
const MOST_NOTICES = 50;

/** The state at the start. */
export function initialState(
  notify: NotifyMode,
  size: { columns: number; rows: number },
): ChatState {
  return {
    size,
    contacts: [],
    open: undefined,
    messages: [],
    firstNew: undefined,
    notices: [],
    noticesTop: undefined,
    position: undefined,
    ...NO_INPUT,
    drafts: new Map(),
    candidates: [],
    hits: undefined,
    connection: { kind: "connecting" },
    now: 0,
    progress: undefined,
    searching: false,
    waiting: new Set(),
    notify,
    contactsHidden: false,
    focused: true,
  };
}

/** Computes the state after an event. */
export function update(state: ChatState, event: ChatEvent): ChatState {
  switch (event.kind) {
    case "set": {
      const { kind: _, ...values } = event;
      return { ...state, ...values };
    }
    case "opened":
      return open(state, event);
    case "renamed":
      return rename(state, event.from, event.to);
    case "typed":
      return {
        ...state,
        ...typeText(state, event.text),
        candidates: [],
        hits: undefined,
      };
    case "edited":
      return { ...state, ...edit(state, event.action), candidates: [] };
    case "recalled":
      return { ...state, recall: undefined };
    case "completed":
      return {
        ...state,
        editor: written(withoutControls(event.line)),
        candidates: event.candidates,
      };
    case "entered":
      return {
        ...edited(state, EMPTY),
        position: undefined,
        firstNew: undefined,
        hits: undefined,
        history: remember(state.history, event.line),
        ...alarms(state),
      };
    case "wrote":
      return edited(state, written(withoutControls(event.text)));
    case "returned":
      return giveBack(state, event.name, written(event.text));
    case "notice":
      return {
        ...state,
        notices: withNotice(state.notices, event),
        noticesTop: undefined,
      };
  }
}

function edited(state: ChatState, editor: Editor): ChatState {
  return { ...state, editor, candidates: [] };
}

function open(
  state: ChatState,
  { name, messages, firstNew, hits }: ChatEvent & { kind: "opened" },
): ChatState {
  const drafts = new Map(state.drafts);
  if (state.open !== undefined) drafts.set(state.open, state.editor);
  const editor = drafts.get(name) ??
    (state.open === undefined ? state.editor : EMPTY);
  return {
    ...edited(state, editor),
    open: name,
    messages,
    firstNew,
    drafts,
    position: undefined,
    hits,
    ...name === state.open ? {} : alarms(state),
  };
}

/** The notices that only Esc closes. */
function alarms(
  { notices }: ChatState,
): Pick<ChatState, "notices" | "noticesTop"> {
  return {
    notices: notices.filter(({ tone }) => tone === "alarm"),
    noticesTop: undefined,
  };
}

/** Gives a text back to the input of its conversation, unless there is another. */
function giveBack(state: ChatState, name: string, editor: Editor): ChatState {
  const isOpen = state.open === name;
  const input = isOpen ? state.editor : state.drafts.get(name) ?? EMPTY;
  if (input.text !== "") return state;
  return isOpen
    ? edited(state, editor)
    : { ...state, drafts: new Map(state.drafts).set(name, editor) };
}

function rename(state: ChatState, from: string, to: string): ChatState {
  const drafts = new Map(state.drafts);
  const draft = drafts.get(from);
  drafts.delete(from);
  if (draft !== undefined) drafts.set(to, draft);
  return { ...state, drafts, open: state.open === from ? to : state.open };
}

function withNotice(
  notices: readonly Notice[],
  { text, tone, topic = text }: Notice,
): Notice[] {
  const others = notices.filter((notice) => notice.topic !== topic);
  return [...others.slice(1 - MOST_NOTICES), { text, tone, topic }];
}

/** Describes the state of the connection at a time. */
export function describeConnection(
  state: ConnectionState,
  now: number,
): string {
  switch (state.kind) {
    case "connecting":
      return "connecting";
    case "connected":
      return "connected";
    case "retrying":
      return `retrying in ${seconds(state.until, now)} s`;
    case "refused":
      return `refused, retrying in ${seconds(state.until, now)} s`;
  }
}

function seconds(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}
