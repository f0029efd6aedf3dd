/**
 * Connects the parts of the chat: turns keys and received messages into events
 * of the model, and carries out commands.
 *
 * @module
 */

import {
  describeFailure,
  KeyChangedError,
  UserError,
} from "../../../errors.ts";
import type {
  ContactSummary,
  Message,
  MessageNumber,
} from "../../../store/message.ts";
import { PollTimer } from "../../../session/poll_pace.ts";
import type { Session } from "../../../session/session.ts";
import { announcement, Arrivals } from "./arrivals.ts";
import { type Chat, type ChatEnvironment, keyTopic } from "./chat_parts.ts";
import { chatCommand } from "../model/commands.ts";
import { CommandRunner } from "./command_runner.ts";
import { Conversation } from "../model/conversation.ts";
import type { ConversationView } from "../view/conversation_rows.ts";
import {
  conversationHeight,
  conversationView,
  type Frame,
  layOut,
} from "../view/frame.ts";
import type { Hits } from "../model/hits.ts";
import { Keyboard } from "../input/keyboard.ts";
import type { Press } from "../input/presses.ts";
import { MessageLayout } from "../view/message_layout.ts";
import {
  type ChatEvent,
  type ChatState,
  initialState,
  update,
} from "../model/model.ts";
import type { NotifyMode } from "../../../settings/settings.ts";
import { RelayWatch } from "./relay_watch.ts";
import { Sender, type Unsent } from "./sender.ts";

/** Milliseconds between two checks of the folder for changes. */
const WATCH_INTERVAL = 200;
/** Rows of the conversation to show above the first unread message. */
const ROWS_ABOVE_NEW = 2;

/** A running chat. */
export class ChatController implements Chat, Disposable {
  readonly #session: Session;
  readonly #environment: ChatEnvironment;
  readonly #messageLayout = new MessageLayout();
  readonly #arrivals = new Arrivals();
  readonly #listeners = new Set<() => void>();
  #showing: ReturnType<typeof setTimeout> | undefined;
  readonly #relay: RelayWatch;
  readonly #sender: Sender;
  readonly #commands: CommandRunner;
  readonly #keyboard: Keyboard;
  #state: ChatState;
  #frame: Frame;
  #conversation: Conversation | undefined;
  #version: number | undefined;
  #settled = false;
  /** Contacts with a reported key change. */
  readonly #warned = new Set<string>();
  /** What is said once, such as a failure that recurs. */
  readonly #told = new Set<string>();
  /** Messages that can't be marked as shown. */
  readonly #unmarkable = new Set<MessageNumber>();
  #marking = false;
  #polling: Promise<void> = Promise.resolve();
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(
    session: Session,
    notify: NotifyMode,
    size: { columns: number; rows: number },
    environment: ChatEnvironment,
  ) {
    this.#session = session;
    this.#environment = environment;
    this.#state = initialState(notify, size);
    this.#frame = layOut(this.#state, this.#messageLayout);
    const timer = new PollTimer(environment.now);
    this.#relay = new RelayWatch(session, this, timer, {
      stored: () => this.#lookOrTell(),
      answered: () => {
        this.guard(() => {
          this.#look();
          this.#sender.resume();
        }, (error) => this.complainOnce(error));
        this.#settled = true;
      },
      gone: () => {
        this.#settled = true;
      },
    });
    this.#sender = new Sender(session, this);
    this.#commands = new CommandRunner(
      session,
      this,
      this.#sender,
      environment,
    );
    this.#keyboard = new Keyboard(
      session,
      this,
      this.#commands,
      this.#sender,
      environment,
    );
  }

  get state(): ChatState {
    return this.#state;
  }

  /** The current frame; the same object until it changes. */
  readonly frame = (): Frame => this.#frame;

  /** Listens for new frames; returns a function that removes the listener. */
  readonly subscribe = (changed: () => void): () => void => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  /** Opens the first conversation and starts to poll the relay. */
  start(name: string | undefined): void {
    this.#environment.title(this.#frame.title);
    this.refresh();
    if (name !== undefined) this.open(name);
    this.#watch = setInterval(
      () => this.#lookOrTell(),
      WATCH_INTERVAL,
    );
    this.guard(() => this.#sender.restore());
    this.#polling = this.#relay.run().catch(this.#environment.fail);
    void this.attempt(async () => {
      const names = await this.#session.contacts.fetch();
      this.refresh();
      if (names.length > 0) return;
      this.tell("No other user is at the relay yet; /who checks again");
    }, () => {});
  }

  /** Stops polling the relay. */
  [Symbol.dispose](): void {
    this.#commands.endSearch();
    this.#relay.stop();
    clearInterval(this.#watch);
    clearTimeout(this.#showing);
    this.#listeners.clear();
  }

  /** Resolves once the last request after the end is done. */
  get stopped(): Promise<void> {
    return this.#polling;
  }

  /** Sends what has been entered, and stops sending; see {@linkcode Sender.end}. */
  async end(patience: number): Promise<Unsent> {
    return await this.#sender.end(patience);
  }

  dispatch(...events: ChatEvent[]): void {
    this.#state = events.reduce(update, this.#state);
    const { title } = this.#frame;
    this.#frame = layOut(this.#state, this.#messageLayout);
    if (this.#frame.title !== title) this.#environment.title(this.#frame.title);
    this.#show();
    this.#markSeen();
  }

  /**
   * Shows the frame in another turn, so that a message is on its way before its
   * frame is drawn, and several events cost one drawing.
   */
  #show(): void {
    if (this.#listeners.size === 0 || this.#showing !== undefined) return;
    this.#showing = setTimeout(() => {
      this.#showing = undefined;
      for (const listener of this.#listeners) listener();
    });
  }

  tell(text: string, topic?: string): void {
    this.dispatch({ kind: "notice", text, tone: "notice", topic });
  }

  alarm({ contact, known, offered }: KeyChangedError): void {
    this.#warned.add(contact);
    this.dispatch({
      kind: "notice",
      text: [
        `WARNING: ${contact} HAS ANOTHER PUBLIC KEY THAN BEFORE`,
        `known:   ${known ?? "another user's"}`,
        `offered: ${offered ?? "none"}`,
        "Nothing is sent to them: an attacker may be listening in.",
        `Compare /fingerprint ${contact} over another channel, then continue`,
        `with /accept ${contact} and /resend`,
      ].join("\n"),
      tone: "alarm",
      topic: keyTopic(contact),
    });
  }

  /** Reports a failure. */
  complain(error: UserError): void {
    if (error instanceof KeyChangedError) this.alarm(error);
    else this.tell(this.describe(error));
  }

  describe(error: UserError): string {
    return describeFailure(
      error,
      (command) => chatCommand(command) ?? this.#environment.spell(command),
    );
  }

  complainOnce(error: UserError): void {
    const text = this.describe(error);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.complain(error);
  }

  async attempt(
    work: () => Promise<void>,
    failed: (error: UserError) => void = (error) => this.complain(error),
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof UserError) failed(error);
      else this.#environment.fail(error);
    }
  }

  guard(
    work: () => void,
    failed: (error: UserError) => void = (error) => this.complain(error),
  ): void {
    try {
      work();
    } catch (error) {
      if (error instanceof UserError) failed(error);
      else this.#environment.fail(error);
    }
  }

  refresh(): void {
    const { version } = this.#session.store.database;
    const contacts = this.#session.contacts.conversations();
    this.#follow(contacts);
    this.#conversation?.refresh(this.#state.position === undefined);
    this.#version = version;
    const messages = this.#conversation?.messages ?? [];
    const firstNew = this.#firstNew(messages);
    this.#showArrived({ kind: "set", contacts, messages, firstNew });
    if (!this.#settled) this.#arrivals.settle(contacts);
    this.#warn(contacts);
  }

  /** Shows what has arrived; stays at its start if it doesn't fit on the screen. */
  #showArrived(event: ChatEvent): void {
    const known = this.#state.messages.at(-1)?.id ?? 0;
    const next = update(this.#state, event);
    const { focused, hits, position } = next;
    const firstNew = next.messages.find(({ id, outgoing, shown }) =>
      id > known && !outgoing && !shown
    )?.id;
    const isAtEnd = focused && position === undefined && hits === undefined;
    if (!isAtEnd || firstNew === undefined) return this.dispatch(event);
    const view = conversationView(next, this.#messageLayout);
    const { messages } = view.visible(undefined);
    if (messages.some(({ id }) => id === firstNew)) return this.dispatch(event);
    this.dispatch(event, {
      kind: "set",
      firstNew,
      position: view.placed(firstNew, ROWS_ABOVE_NEW),
    });
  }

  /** The message below the line "new"; a line marks what arrives unseen. */
  #firstNew(messages: readonly Message[]): MessageNumber | undefined {
    const { firstNew, focused, hits, position } = this.#state;
    const isAtEnd = position === undefined && hits === undefined;
    if (firstNew !== undefined || (focused && isAtEnd)) {
      return firstNew;
    }
    return messages.find(({ outgoing, shown }) => !outgoing && !shown)?.id;
  }

  /** Warns of each new key change. */
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

  /** Keeps the conversation open, and all drafts, if contacts are renamed. */
  #follow(contacts: readonly ContactSummary[]): void {
    const now = new Map(
      contacts.map(({ contactId, name }) => [contactId.toHex(), name]),
    );
    for (const { contactId, name } of this.#state.contacts) {
      const to = now.get(contactId.toHex());
      if (to === undefined || to === name) continue;
      if (this.#state.open === name) {
        this.#conversation = new Conversation(this.#session.messages, to);
      }
      this.dispatch({ kind: "renamed", from: name, to });
    }
  }

  open(name: string): void {
    const firstNew = this.#session.messages.firstUnread(name);
    this.#openAt({ name, firstNew }, firstNew, () => ROWS_ABOVE_NEW);
  }

  close(): void {
    this.#conversation = undefined;
    this.dispatch({
      kind: "set",
      open: undefined,
      messages: [],
      position: undefined,
    });
  }

  jump(hits: Hits): void {
    const hit = hits.messages[hits.at];
    if (hit === undefined) return;
    const opened = { name: hit.contact, hits: { ...hits, isListed: false } };
    this.#openAt(opened, hit.id, (height) => Math.floor(height / 2));
  }

  /**
   * Opens a conversation.
   *
   * @param id the message to show; undefined shows the end
   * @param above its distance from the upper edge, by the height of the conversation
   */
  #openAt(
    how: { name: string; firstNew?: MessageNumber | undefined; hits?: Hits },
    id: MessageNumber | undefined,
    above: (height: number) => number,
  ): void {
    const conversation = new Conversation(this.#session.messages, how.name);
    if (id !== undefined) conversation.jump(id);
    const { messages } = conversation;
    const opened: ChatEvent = { kind: "opened", ...how, messages };
    const next = update(this.#state, opened);
    const position = id === undefined
      ? undefined
      : conversationView(next, this.#messageLayout)
        .placed(id, above(conversationHeight(next)));
    this.#conversation = conversation;
    // In one step: what isn't shown of the end must not be marked as seen.
    this.dispatch(opened, { kind: "set", position });
  }

  toEnd(): void {
    this.#conversation?.end();
    this.dispatch({
      kind: "set",
      position: undefined,
      messages: this.#conversation?.messages ?? [],
    });
  }

  hurry(): void {
    this.#relay.hurry();
  }

  view(): ConversationView {
    return conversationView(this.#state, this.#messageLayout);
  }

  older(): boolean {
    return this.#loaded(this.#conversation?.older());
  }

  newer(): boolean {
    return this.#loaded(this.#conversation?.newer());
  }

  #loaded(more = false): boolean {
    const messages = this.#conversation?.messages ?? [];
    if (more) this.dispatch({ kind: "set", messages });
    return more;
  }

  /** Handles a key or typed text. */
  readonly press = (press: Press): void => this.#keyboard.press(press);

  /** Handles pasted text. */
  readonly paste = (text: string): void => {
    this.hurry();
    this.dispatch({ kind: "typed", text });
  };

  /** Handles a change of the size. */
  readonly resized = (columns: number, rows: number): void => {
    const { size } = this.#state;
    if (size.columns === columns && size.rows === rows) return;
    this.dispatch({ kind: "set", size: { columns, rows } });
  };

  /** Handles a change of the focus. */
  readonly focus = (focused: boolean): void => {
    // What has been read until now isn't new any more.
    this.dispatch({
      kind: "set",
      focused,
      ...focused ? {} : { firstNew: undefined },
    });
    if (focused) this.hurry();
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
      if (sequence !== "") this.#environment.signal(sequence);
    }
    if ("until" in connection) {
      this.dispatch({ kind: "set", now: performance.now() });
    }
  }

  /** Marks the visible messages as shown if the terminal has the focus. */
  #markSeen(): void {
    const { focused, messages } = this.#state;
    const { seen } = this.#frame;
    if (!focused || seen.length === 0) return;
    const news = messages.filter(({ id, shown }) =>
      !shown && seen.includes(id) && !this.#unmarkable.has(id)
    );
    const ids = news.map(({ id }) => id);
    if (ids.length === 0 || this.#marking) return;
    // The marking and what is told meanwhile dispatch again.
    this.#marking = true;
    if (news.some(({ kind }) => kind === "file")) this.#tellOfFiles();
    this.guard(() => {
      this.#session.messages.markShown(ids);
      this.refresh();
    }, (error) => {
      for (const id of ids) this.#unmarkable.add(id);
      this.complainOnce(error);
    });
    this.#marking = false;
  }

  /** Says once that received files don't stay, unless they do. */
  #tellOfFiles(): void {
    const { keepsFiles, platform: { emptiesTemporary } } = this.#environment;
    const notice =
      `Received files are in the temporary folder, which ${emptiesTemporary}. ` +
      '/save keeps one; in a shell, "messageu config files FOLDER" keeps all later ones';
    if (keepsFiles || this.#told.has(notice)) return;
    this.#told.add(notice);
    this.tell(notice);
  }
}
