/**
 * The session: what a user can do. The menu, the verbs and the chat call it; none
 * of them opens a socket or the store, or accesses a key.
 *
 * @module
 */

import { nameProblem } from "../../shared/wire/field_types.ts";
import { NoConnectionError, NotRegisteredError, UserError } from "../errors.ts";
import { createIdentity } from "../keys/registration.ts";
import {
  type Identity,
  loadIdentity,
  refuseExisting,
} from "../keys/identity.ts";
import type { Progress } from "../link/connection.ts";
import type { RelayLink } from "../link/relay_link.ts";
import { Consumer, type ConsumerOptions } from "../store/consumers.ts";
import type { Messages } from "../store/messages.ts";
import { ClientStore } from "../store/store.ts";
import { ContactSettings } from "./contact_settings.ts";
import { Contacts } from "./contacts.ts";
import { History } from "./history.ts";
import { Inbox } from "./inbox.ts";
import {
  type MessageToShow,
  problem,
  type ReceiveEvent,
} from "./receive_event.ts";
import { Outbox } from "./outbox.ts";

/** Milliseconds to wait while another client receives. */
const RECEIVE_PATIENCE = 120_000;
/** Milliseconds to wait while another client shows messages. */
const SHOW_PATIENCE = 5_000;
/** Milliseconds after which history expires again. */
const EXPIRY_INTERVAL = 3_600_000;
/** Messages that are read at once to be shown. */
const SHOWN_AT_ONCE = 100;

/** How to receive. */
export interface ReceiveOptions {
  /** Called with the number of bytes received of a response. */
  progress?: Progress | undefined;
}

/** How a session works. */
export interface SessionOptions {
  /**
   * The folder for received files, made if it is missing and asked for before
   * the first are received; undefined stands for the temporary folder.
   */
  files?: (() => Promise<string | undefined>) | undefined;
  /**
   * Milliseconds for which messages are kept that are read or sent, asked for with
   * the first ones that are received. Default: for ever.
   */
  keepHistory?: (() => Promise<number>) | undefined;
}

/** A user's session in one folder, which other clients may share. */
export class Session implements Disposable {
  /** The user's contacts. */
  readonly contacts: Contacts;
  /** What the user sets for contacts. */
  readonly contactSettings: ContactSettings;
  /** Stores and sends messages. */
  readonly outbox: Outbox;
  /** Deletes what the folder needn't keep. */
  readonly history: History;
  /** The connection to the relay. */
  readonly link: RelayLink;
  readonly #dir: string;
  readonly #files: SessionOptions["files"];
  readonly #keepHistory: (() => Promise<number>) | undefined;
  /** When history expires next, on the clock of `performance.now()`. */
  #nextExpiry = 0;
  #inbox: Inbox | undefined;
  #store: ClientStore | undefined;
  #closed = false;
  #identity: Identity | undefined;

  /**
   * @param dir the folder with `info.me` and the store
   * @param link the connection to the relay
   */
  constructor(
    dir: string,
    link: RelayLink,
    { files, keepHistory }: SessionOptions = {},
  ) {
    this.#dir = dir;
    this.#files = files;
    this.#keepHistory = keepHistory;
    this.link = link;
    this.contacts = new Contacts(this);
    this.contactSettings = new ContactSettings(this);
    this.outbox = new Outbox(this);
    this.history = new History(dir, this);
  }

  /**
   * The folder's store, opened on first use.
   *
   * @throws {UserError} where it can't be used, or the session is closed
   */
  get store(): ClientStore {
    if (this.#closed) throw new UserError("The client is being closed");
    return this.#store ??= ClientStore.open(this.#dir);
  }

  /** The messages of all conversations. */
  get messages(): Messages {
    return this.store.messages;
  }

  /** Closes the store; the session can't be used afterwards. */
  close(): void {
    this.#closed = true;
    this.#store?.close();
    this.#store = undefined;
  }

  /** Closes the session, see {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The user's identity.
   *
   * @returns undefined where the folder has none
   * @throws {FolderError} where `info.me` is damaged
   */
  async identity(): Promise<Identity | undefined> {
    return this.#identity ??= await loadIdentity(this.#dir);
  }

  /**
   * The user's identity, which must exist.
   *
   * @throws {NotRegisteredError} where the folder has none
   * @throws {FolderError} where `info.me` is damaged
   */
  async me(): Promise<Identity> {
    const identity = await this.identity();
    if (identity !== undefined) return identity;
    throw new NotRegisteredError();
  }

  /** @throws {UserError} where an identity exists, or is damaged */
  async refuseSecondIdentity(): Promise<void> {
    await this.identity();
    await refuseExisting(this.#dir);
  }

  /**
   * Registers the user and writes `info.me`.
   *
   * @throws {UserError} where the name is invalid or taken, an identity exists,
   * or it can't be written
   */
  async register(name: string): Promise<Identity> {
    const problem = nameProblem(name);
    if (problem !== undefined) {
      throw new UserError(
        `Bad name: ${problem}`,
        "Letters, digits, dots, dashes and underscores work everywhere",
      );
    }
    return this.#identity = await createIdentity(
      this.#dir,
      name,
      (publicKey) => this.link.register(name, publicKey),
    );
  }

  /**
   * Brings all messages that wait at the relay into the store. Requests keys from
   * the senders of messages that no key opens, and resends the key in use to
   * contacts that request it.
   *
   * @throws {UserError} where the relay can't be reached, or refuses
   */
  async *receive(
    { progress }: ReceiveOptions = {},
  ): AsyncGenerator<ReceiveEvent, void, void> {
    const me = await this.me();
    const inbox = this.#inbox ??= new Inbox(
      this.#dir,
      this,
      await this.#files?.(),
    );
    let rest = 0;
    let failure: { error: unknown } | undefined;
    try {
      this.store.database.lookForRoom();
      using lock = await this.store.lock("pull", RECEIVE_PATIENCE);
      if (lock !== undefined) rest = yield* inbox.receive(me, progress);
      else {
        yield problem(
          "Another client in this folder has been receiving for two minutes",
          "What it receives shows here too; if it is stopped or stuck, end it",
        );
      }
    } catch (error) {
      failure = { error };
    }
    // Messages of a broken response may need keys too.
    if (!(failure?.error instanceof NoConnectionError)) {
      yield* inbox.recovery.settle();
    }
    if (failure !== undefined) throw failure.error;
    if (rest > 0) yield { kind: "stored", count: rest };
    try {
      await this.#expireHistory();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      yield { kind: "problem", error };
    }
  }

  /** Deletes a part of what is older than the user wants to keep; all of it by and by. */
  async #expireHistory(): Promise<void> {
    const isDue = performance.now() >= this.#nextExpiry;
    if (!isDue || this.#keepHistory === undefined) return;
    this.#nextExpiry = performance.now() + EXPIRY_INTERVAL;
    const span = await this.#keepHistory();
    if (span === Infinity) return;
    const isMore = await this.history.expire(Date.now() - span);
    if (isMore) this.#nextExpiry = 0;
  }

  /**
   * Yields each message that wasn't shown yet, the oldest first. Other clients in
   * the folder wait, so that only one of them shows a message. A message that
   * isn't marked as shown is yielded again by the next call.
   *
   * @returns false where another client has been showing messages for 5 s: it
   * shows the rest
   */
  async *unshown(): AsyncGenerator<MessageToShow, boolean, void> {
    const { messages } = this.store;
    using lock = await this.store.lock("show", SHOW_PATIENCE);
    if (lock === undefined) return false;
    for (let last = 0;;) {
      const page = messages.unshown(last, SHOWN_AT_ONCE);
      if (page.length === 0) return true;
      for (const message of page) {
        last = message.id;
        const markShown = () => messages.markShown([message.id]);
        yield { kind: "message", message, markShown };
      }
    }
  }

  /**
   * Receives, and yields each message that wasn't shown yet; then sends those that
   * have waited for a relay. See {@linkcode receive}, {@linkcode unshown} and
   * {@linkcode Outbox.sendWaiting}.
   *
   * @throws {UserError} where the relay can't be reached, after stored messages
   * were shown, or another client that shows messages is stuck
   */
  async *pull(
    options: ReceiveOptions = {},
  ): AsyncGenerator<ReceiveEvent, void, void> {
    await this.me();
    let isBusy = false;
    let failure: { error: unknown } | undefined;
    try {
      for await (const event of this.receive(options)) {
        yield event;
        if (event.kind !== "stored" || isBusy) continue;
        isBusy = !(yield* this.unshown());
      }
    } catch (error) {
      failure = { error };
    }
    if (!isBusy) isBusy = !(yield* this.unshown());
    if (failure === undefined) yield* this.outbox.sendWaiting();
    if (failure !== undefined) throw failure.error;
    if (!isBusy) return;
    throw new UserError(
      "Another client in this folder is showing messages and makes no progress",
      "What came in is kept. Is one stopped or stuck? End it, and pull again",
    );
  }

  /**
   * Resumes or creates a consumer, which gets each received message until it
   * acknowledges it.
   *
   * @throws {UserError} where the name isn't valid, or a program uses it
   */
  async consumer(
    name: string,
    options: ConsumerOptions = {},
  ): Promise<Consumer> {
    await this.me();
    const { database, messages } = this.store;
    return Consumer.start(name, options, database, messages);
  }
}
