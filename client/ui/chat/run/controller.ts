/**
 * The chat at work: keys and what the relay brings become events of the model,
 * and what they ask for is done.
 *
 * @module
 */

import { equals } from "@std/bytes";
import {
  describeFailure,
  KeyChangedError,
  UserError,
} from "../../../errors.ts";
import type { ContactSummary, MessageNumber } from "../../../store/message.ts";
import type { Session } from "../../../session/session.ts";
import { announcement, Arrivals } from "./arrivals.ts";
import type { Chat, Surroundings } from "./chat_parts.ts";
import { CommandRunner } from "./command_runner.ts";
import { Conversation } from "../model/conversation.ts";
import type { ConversationView } from "../view/conversation_rows.ts";
import {
  conversationHeight,
  conversationView,
  type Frame,
  layOut,
} from "../view/frame.ts";
import { Keyboard } from "../input/keyboard.ts";
import type { Press } from "../input/keys.ts";
import { MessageLayout } from "../view/message_layout.ts";
import {
  type ChatEvent,
  type ChatState,
  initialState,
  update,
} from "../model/model.ts";
import type { NotifyMode } from "../model/commands.ts";
import { RelayWatch } from "./relay_watch.ts";
import { Sender } from "./sender.ts";

/** Milliseconds between two looks at what others in the folder have changed. */
const WATCH_INTERVAL = 200;

/** A chat that runs. */
export class ChatController implements Chat, Disposable {
  readonly #session: Session;
  readonly #world: Surroundings;
  readonly #messageLayout = new MessageLayout();
  readonly #arrivals = new Arrivals();
  readonly #listeners = new Set<() => void>();
  readonly #relay: RelayWatch;
  readonly #sender: Sender;
  readonly #commands: CommandRunner;
  readonly #keyboard: Keyboard;
  #state: ChatState;
  #frame: Frame;
  #conversation: Conversation | undefined;
  #version: number | undefined;
  #settled = false;
  /** Contacts whose other key was told of. */
  readonly #warned = new Set<string>();
  /** What is to be told once however often it happens. */
  readonly #told = new Set<string>();
  /** Messages that can't be marked as seen. */
  readonly #unmarkable = new Set<MessageNumber>();
  #marking = false;
  #watch: ReturnType<typeof setInterval> | undefined;

  /** Shows an empty screen of this size. */
  constructor(
    session: Session,
    notify: NotifyMode,
    size: { columns: number; rows: number },
    world: Surroundings,
  ) {
    this.#session = session;
    this.#world = world;
    this.#state = initialState(notify, size);
    this.#frame = layOut(this.#state, this.#messageLayout);
    this.#relay = new RelayWatch(session, this, {
      answered: () => {
        this.#lookOrTell();
        this.#settled = true;
        this.#sender.resume();
      },
      gone: () => {
        this.#settled = true;
      },
    });
    this.#sender = new Sender(session, this);
    this.#commands = new CommandRunner(session, this, this.#sender, world);
    this.#keyboard = new Keyboard({
      session,
      chat: this,
      commands: this.#commands,
      sender: this.#sender,
      world,
    });
  }

  /** The state as it is. */
  get state(): ChatState {
    return this.#state;
  }

  /** The current frame; one object until it changes. */
  readonly frame = (): Frame => this.#frame;

  /** Calls back when there is another frame. */
  readonly subscribe = (changed: () => void): () => void => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  /** Opens the first conversation and begins to ask the relay. */
  start(name: string | undefined): void {
    this.refresh();
    if (name !== undefined) this.open(name);
    this.#watch = setInterval(
      () => this.#lookOrTell(),
      WATCH_INTERVAL,
    );
    this.#relay.run().catch(this.#world.fail);
    void this.attempt(async () => {
      await this.#session.contacts.fetch();
      this.refresh();
      if (this.#state.open !== undefined) return;
      this.tell("Nobody else is at the relay yet; /who asks it again");
    }, () => {});
  }

  /** Stops asking the relay. */
  [Symbol.dispose](): void {
    this.#commands.endSearch();
    this.#relay.stop();
    clearInterval(this.#watch);
  }

  /** How many messages are still to be sent. */
  get unsent(): number {
    return this.#sender.size;
  }

  /** Changes the state and shows what came of it. */
  dispatch(...events: ChatEvent[]): void {
    this.#state = events.reduce(update, this.#state);
    this.#frame = layOut(this.#state, this.#messageLayout);
    for (const listener of this.#listeners) listener();
    this.#markSeen();
  }

  /** Says something within the conversation. */
  tell(text: string, tone: "notice" | "alarm" = "notice"): void {
    this.dispatch({ kind: "notice", text, tone, time: Date.now() });
  }

  /** Warns of another public key under a known name. */
  alarm({ contact, known, offered }: KeyChangedError): void {
    this.#warned.add(contact);
    this.tell(
      [
        `WARNING: ${contact} HAS ANOTHER PUBLIC KEY THAN BEFORE`,
        `known:   ${known ?? "somebody else's"}`,
        `offered: ${offered ?? "none"}`,
        "Nothing is sent to them, and somebody may be listening in.",
        `Compare /fingerprint ${contact} in another way; then /accept ${contact}`,
        "and /resend go on",
      ].join("\n"),
      "alarm",
    );
  }

  /** Tells of a failure. */
  complain(error: UserError): void {
    if (error instanceof KeyChangedError) this.alarm(error);
    else this.tell(describeFailure(error));
  }

  /** Tells of a failure that may come again and again. */
  complainOnce(error: UserError): void {
    const text = describeFailure(error);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.complain(error);
  }

  /** Does something; what the user should know of a failure is told. */
  async attempt(
    work: () => Promise<void>,
    failed: (error: UserError) => void = (error) => this.complain(error),
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof UserError) failed(error);
      else this.#world.fail(error);
    }
  }

  /** Does something synchronous; shows a failure that the user should know of. */
  guard(
    work: () => void,
    failed: (error: UserError) => void = (error) => this.complain(error),
  ): void {
    try {
      work();
    } catch (error) {
      if (error instanceof UserError) failed(error);
      else this.#world.fail(error);
    }
  }

  /** Takes over what has changed in the folder. */
  refresh(): void {
    const { version } = this.#session.store.database;
    const contacts = this.#session.contacts.all();
    this.#follow(contacts);
    this.#conversation?.refresh(this.#state.position === undefined);
    this.#version = version;
    this.dispatch({ kind: "contacts", contacts }, {
      kind: "messages",
      messages: this.#conversation?.messages ?? [],
    });
    if (!this.#settled) this.#arrivals.settle(contacts);
    this.#warn(contacts);
    const [latest] = contacts;
    if (this.#state.open === undefined && latest !== undefined) {
      this.open(latest.name);
    }
  }

  /** Says of whose key has changed, each time that it does. */
  #warn(contacts: readonly ContactSummary[]): void {
    const news: string[] = [];
    for (const { name, keyChanged } of contacts) {
      if (!keyChanged) this.#warned.delete(name);
      else if (!this.#warned.has(name)) news.push(name);
    }
    if (news.length === 0) return;
    for (const name of news) this.#warned.add(name);
    void this.attempt(async () => {
      for (const warning of await this.#session.contacts.warnings()) {
        if (news.includes(warning.contact)) this.alarm(warning);
      }
    });
  }

  /** Who is talked with may have got a name, or another one. */
  #follow(contacts: readonly ContactSummary[]): void {
    const { contacts: before, open } = this.#state;
    const id = before.find(({ name }) => name === open)?.contactId;
    if (id === undefined) return;
    const name = contacts.find((one) => equals(one.contactId, id))?.name;
    if (name === undefined || name === open) return;
    this.#conversation = new Conversation(this.#session.messages, name);
    this.dispatch({ kind: "renamed", name });
  }

  /** Opens the conversation with a contact. */
  open(name: string): void {
    const conversation = new Conversation(this.#session.messages, name);
    this.#conversation = conversation;
    this.dispatch({ kind: "opened", name, messages: conversation.messages });
  }

  /** Opens a conversation at one of its messages. */
  jump(name: string, id: number): void {
    this.open(name);
    this.#conversation?.jump(id);
    this.dispatch({
      kind: "messages",
      messages: this.#conversation?.messages ?? [],
    });
    const view = this.view();
    const half = Math.floor(conversationHeight(this.#state) / 2);
    const position = view.scroll(view.at(`m${id}`), -half);
    this.dispatch({ kind: "scrolled", position });
  }

  /** Goes to the end of the conversation. */
  toEnd(): void {
    this.#conversation?.end();
    this.dispatch({ kind: "scrolled", position: undefined }, {
      kind: "messages",
      messages: this.#conversation?.messages ?? [],
    });
  }

  /** Something happens in a conversation, so an answer may be near. */
  hurry(): void {
    this.#relay.hurry();
  }

  /** The conversation as it is laid out on the screen. */
  view(): ConversationView {
    return conversationView(this.#state, this.#messageLayout);
  }

  /** Loads earlier messages; false where there are none. */
  older(): boolean {
    return this.#loaded(this.#conversation?.older());
  }

  /** Loads later messages; false where there are none. */
  newer(): boolean {
    return this.#loaded(this.#conversation?.newer());
  }

  #loaded(more = false): boolean {
    const messages = this.#conversation?.messages ?? [];
    if (more) this.dispatch({ kind: "messages", messages });
    return more;
  }

  /** A key was pressed. */
  readonly press = (press: Press): void => this.#keyboard.press(press);

  /** Text was pasted. */
  readonly paste = (text: string): void => {
    this.dispatch({ kind: "typed", text });
  };

  /** The screen has another size. */
  readonly resized = (columns: number, rows: number): void => {
    const { size } = this.#state;
    if (size.columns === columns && size.rows === rows) return;
    this.dispatch({ kind: "resized", columns, rows });
  };

  /** The terminal is looked at, or isn't any more. */
  readonly focus = (focused: boolean): void => {
    this.dispatch({ kind: "focus", focused });
  };

  #lookOrTell(): void {
    this.guard(() => this.#look(), (error) => this.complainOnce(error));
  }

  #look(): void {
    if (this.#session.store.database.version !== this.#version) this.refresh();
    const { connection, contacts, focused, notify, open } = this.#state;
    if (this.#settled) {
      const looking = focused ? open : undefined;
      const names = this.#arrivals.take(contacts, looking, performance.now());
      const sequence = announcement(notify, names);
      if (sequence !== "") this.#world.signal(sequence);
    }
    if ("until" in connection) {
      this.dispatch({ kind: "tick", now: performance.now() });
    }
  }

  /** What is on a screen that is looked at has been seen. */
  #markSeen(): void {
    const { focused, messages } = this.#state;
    const { seen } = this.#frame;
    if (!focused || seen.length === 0) return;
    const ids = messages.filter(({ id, shown }) =>
      !shown && seen.includes(id) && !this.#unmarkable.has(id)
    )
      .map(({ id }) => id);
    if (ids.length === 0 || this.#marking) return;
    // Marking shows another frame, and so does telling that it failed.
    this.#marking = true;
    this.guard(() => {
      this.#session.messages.markShown(ids);
      this.refresh();
    }, (error) => {
      for (const id of ids) this.#unmarkable.add(id);
      this.complainOnce(error);
    });
    this.#marking = false;
  }
}
