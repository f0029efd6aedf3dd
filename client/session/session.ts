/**
 * What a user can do: the one place that the menu and every other face of the
 * client call. None of them opens a socket, the store, or touches a key.
 *
 * @module
 */

import { publicKeyOf } from "../../shared/crypto/crypto.ts";
import { nameProblem } from "../../shared/wire/names.ts";
import {
  type KeyChangedError,
  NoConnectionError,
  NotRegisteredError,
  UserError,
} from "../errors.ts";
import {
  createIdentity,
  type Identity,
  loadIdentity,
  refuseExisting,
} from "../keys/identity.ts";
import type { RetrieveEvents } from "./batch_work.ts";
import { Inbox } from "./inbox.ts";
import { KeyRecovery } from "./key_recovery.ts";
import type {
  ContactSummary,
  Explanation,
  Message,
  PublicKeyInfo,
} from "./message.ts";
import { type DeliverOptions, Outbox } from "./outbox.ts";
import { People } from "./people.ts";
import type { RelayLink } from "../link/relay_link.ts";
import type { Consumer, ConsumerOptions } from "../store/consumers.ts";
import type { HistoryOptions, SearchOptions } from "../store/history.ts";
import { ClientStore } from "../store/store.ts";
import type { ExportedArchive } from "../transfer/export_archive.ts";

/** Milliseconds to wait for another client that shows messages. */
const SHOW_PATIENCE = 5_000;
/** Messages that are looked up at a time to be shown. */
const SHOWN_AT_ONCE = 100;

/** Shows a message; resolves to false where it couldn't and is to be shown again. */
export type Show = (message: Message) => unknown;

/** How a pull goes on and what it meets. */
export interface PullEvents extends Omit<RetrieveEvents, "unkept" | "kept"> {
  /** Gets each message once, in the order in which they came. */
  message: Show;
}

/** A user at work, in one folder. Others may be at work there too. */
export class Session implements Disposable {
  readonly #dir: string;
  readonly #link: RelayLink;
  readonly #store: () => ClientStore;
  readonly #people: People;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #recovery: KeyRecovery;
  #opened: ClientStore | undefined;
  #closed = false;
  #identity: Identity | undefined;

  /**
   * @param dir the folder with `info.me` and what is remembered
   * @param link the way to the relay
   */
  constructor(dir: string, link: RelayLink) {
    this.#dir = dir;
    const parts = {
      store: () => this.#open(),
      link,
      me: () => this.#me(),
    };
    const people = this.#people = new People(parts);
    const outbox = this.#outbox = new Outbox({ ...parts, people });
    const recovery = new KeyRecovery({ ...parts, people, outbox });
    this.#recovery = recovery;
    this.#inbox = new Inbox({ dir, ...parts, people, recovery });
    this.#store = parts.store;
    this.#link = link;
  }

  /** Closes what the folder remembers; nothing can be done any more. */
  close(): void {
    this.#closed = true;
    this.#opened?.close();
    this.#opened = undefined;
  }

  /** The same. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Who the user is.
   *
   * @returns undefined where nobody is registered in this folder
   * @throws {FolderError} where `info.me` is damaged
   */
  async identity(): Promise<Identity | undefined> {
    return this.#identity ??= await loadIdentity(this.#dir);
  }

  /** @throws {UserError} where an identity exists, or is damaged */
  async refuseSecondIdentity(): Promise<void> {
    await this.identity();
    await refuseExisting(this.#dir);
  }

  /**
   * Registers the user and writes `info.me`.
   *
   * @returns who the user is now
   * @throws {UserError} where the name is no name or taken, an identity
   * exists, or it can't be kept
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
      (publicKey) => this.#link.register(name, publicKey),
    );
  }

  /** Everybody whom the folder knows, the latest conversation first. */
  contacts(): ContactSummary[] {
    return this.#store().contacts.summaries();
  }

  /** What was said, the oldest first. */
  history(options: HistoryOptions = {}): Message[] {
    const { history } = this.#store();
    return history.list(this.#rowsOf(options.name), options);
  }

  /**
   * Texts that a pattern fits and files whose path it fits, the oldest first.
   *
   * @throws {UserError} where the pattern takes too long or is too large
   */
  search(
    pattern: RegExp,
    options: SearchOptions = {},
  ): AsyncGenerator<Message> {
    const { history } = this.#store();
    // With "g" or "y" a pattern would go on where it last was.
    const flags = pattern.flags.replace(/[gy]/g, "");
    const fits = new RegExp(pattern.source, flags);
    return history.search(this.#rowsOf(options.name), fits, options);
  }

  /** @throws {UserError} where there is no message of this number */
  explain(id: number): Explanation {
    return this.#store().history.explain(id);
  }

  /** The user has seen these received messages. */
  markShown(ids: readonly number[]): void {
    this.#store().history.markShown(ids);
  }

  /**
   * Writes the identity, the keys, the history and the received files that are
   * still there into one new file.
   *
   * @throws {UserError} where it exists or can't be written
   */
  async exportTo(path: string): Promise<ExportedArchive> {
    const { exportArchive } = await import("../transfer/export_archive.ts");
    return await exportArchive(this.#dir, this.#store().database, path);
  }

  /** What is wrong with the folder's store; nothing where it is whole. */
  checkStore(): string[] {
    return this.#store().database.check();
  }

  /** Why the folder's store can only be read; undefined where it can be written. */
  get unwritable(): string | undefined {
    return this.#store().database.unwritable;
  }

  /** Another number whenever this or another client in the folder has changed something. */
  get version(): number {
    return this.#store().database.version;
  }

  /** Fetches the list of the others; their names, as the relay lists them. */
  async clients(): Promise<string[]> {
    return await this.#people.list();
  }

  /** @throws {UnknownContactError} where nobody has the name */
  async requireContact(name: string): Promise<void> {
    await this.#people.named(name);
  }

  /**
   * Asks the relay for somebody's public key. One that isn't the known one is
   * noted, and nothing is sent until it is accepted.
   *
   * @throws {UserError} where nobody has the name or the key can't be used
   */
  async publicKey(name: string): Promise<PublicKeyInfo> {
    return await this.#people.publicKeyInfo(name);
  }

  /**
   * The digits that two people compare to know that nobody is between them, the
   * same on both sides: 12 groups of five. Where another key waits to be
   * accepted, they are for that one.
   */
  async safetyNumber(name: string): Promise<string> {
    const { clientId, privateKey } = await this.#me();
    const publicKey = await publicKeyOf(privateKey);
    return await this.#people.safetyNumber(name, { clientId, publicKey });
  }

  /** The warnings about everybody whose public key has to be accepted. */
  async warnings(): Promise<KeyChangedError[]> {
    return await this.#people.warnings();
  }

  /**
   * Relies from now on the public key of somebody that the user was told of.
   *
   * @throws {KeyChangedError} where the relay gives yet another one by now
   * @throws {UserError} where it gives the known one
   */
  async accept(name: string): Promise<PublicKeyInfo> {
    return await this.#people.accept(name);
  }

  /** Writes down that a contact is to be asked for a symmetric key; {@linkcode deliver} asks. */
  async writeKeyRequest(name: string): Promise<Message> {
    return await this.#outbox.writeKeyRequest(name);
  }

  /**
   * Writes down that a contact is to be sent the symmetric key in use, so that
   * what was sent under it can be read there; {@linkcode deliver} sends it, or a
   * new one where there is none.
   *
   * @param isNew whether a new key is wanted; none is in use any more then
   */
  async writeKey(name: string, isNew: boolean): Promise<Message> {
    return await this.#outbox.writeKey(name, isNew);
  }

  /** Asks somebody for a symmetric key. */
  async requestKey(name: string): Promise<Message> {
    const { id } = await this.writeKeyRequest(name);
    return await this.deliver(id);
  }

  /** Makes a symmetric key and sends it to somebody. */
  async sendKey(name: string): Promise<Message> {
    const { id } = await this.writeKey(name, true);
    return await this.deliver(id);
  }

  /** Writes a text down for somebody; {@linkcode deliver} sends it. */
  async writeText(name: string, text: string): Promise<Message> {
    return await this.#outbox.writeText(name, text);
  }

  /**
   * Writes down that a file is to be sent; {@linkcode deliver} sends it. Neither
   * its name nor its type goes along.
   *
   * @throws {UserError} where it can't be sent
   */
  async writeFile(name: string, path: string): Promise<Message> {
    return await this.#outbox.writeFile(name, path);
  }

  /**
   * Writes down that standard input is to be sent as a file. It waits in the
   * folder until the relay has it.
   *
   * @throws {UserError} where it can't be kept
   */
  async writePiped(
    name: string,
    stdin: ReadableStream<Uint8Array>,
  ): Promise<Message> {
    return await this.#outbox.writePiped(name, stdin);
  }

  /**
   * Sends what was written down, once more where that failed. Where there is no
   * symmetric key, one is made and sent first.
   *
   * @throws {KeyChangedError} where the contact's key has to be accepted first
   * @throws {UserError} where the relay didn't acknowledge it
   */
  async deliver(id: number, options: DeliverOptions = {}): Promise<Message> {
    return await this.#outbox.deliver(id, options);
  }

  /** Writes a text down and sends it. */
  async sendText(
    name: string,
    text: string,
    options?: DeliverOptions,
  ): Promise<Message> {
    const { id } = await this.writeText(name, text);
    return await this.deliver(id, options);
  }

  /** Writes down that a file is to be sent, and sends it. */
  async sendFile(
    name: string,
    path: string,
    options?: DeliverOptions,
  ): Promise<Message> {
    const { id } = await this.writeFile(name, path);
    return await this.deliver(id, options);
  }

  /**
   * Takes all that waits at the relay into the store. Who sent what no key opens
   * is asked for the key, and a contact who asks gets the one in use again.
   *
   * @returns how many messages were new
   * @throws {UserError} where the relay can't be asked
   */
  async retrieve(events: RetrieveEvents): Promise<number> {
    let failure: unknown;
    const count = await this.#inbox.retrieve(await this.#me(), events)
      .catch((error: unknown) => {
        failure = error;
        return 0;
      });
    // What came before an answer broke off is seen to as well.
    if (!(failure instanceof NoConnectionError)) {
      await this.#recovery.settle(events);
    }
    if (failure !== undefined) throw failure;
    return count;
  }

  /**
   * Shows each message that wasn't shown yet, the oldest first, once among all
   * clients in the folder. A client that is killed between showing a message
   * and noting that leaves it to be shown again. Nothing may be shown from
   * within `show`.
   *
   * @returns how many were shown; undefined where another client has been
   * showing for 5 s: it shows them all, as soon as it can
   */
  async showNew(show: Show): Promise<number | undefined> {
    const { history } = this.#store();
    using lock = await this.#store().lock("show", SHOW_PATIENCE);
    if (lock === undefined) return undefined;
    let count = 0;
    for (let last = 0;;) {
      const messages = history.unshown(last, SHOWN_AT_ONCE);
      if (messages.length === 0) return count;
      for (const message of messages) {
        last = message.id;
        if (await show(message) === false) continue;
        history.markShown([message.id]);
        count++;
      }
    }
  }

  /**
   * Takes all waiting messages and shows what wasn't shown yet.
   *
   * @returns how many were shown
   * @throws {UserError} where the relay can't be asked, after showing the rest,
   * or another client is showing messages and doesn't get on
   */
  async pull({ message, ...events }: PullEvents): Promise<number> {
    await this.#me();
    let count = 0;
    let isBusy = false;
    const showNew = async () => {
      const shown = isBusy ? undefined : await this.showNew(message);
      isBusy = shown === undefined;
      count += shown ?? 0;
    };
    const failure = await this.retrieve({
      ...events,
      unkept: async (one) => {
        const isShown = await message(one) !== false;
        if (isShown) count++;
        return isShown;
      },
      kept: showNew,
    }).then(() => undefined, (error: unknown) => ({ error }));
    await showNew();
    if (failure !== undefined) throw failure.error;
    if (!isBusy) return count;
    throw new UserError(
      "Another client in this folder is showing messages and doesn't get on",
      "What came in is kept. Is one stopped or stuck? End it, and pull again",
    );
  }

  /**
   * Takes up the work of a consumer, who gets every received message until it
   * is acknowledged.
   *
   * @throws {UserError} where the name is none, or somebody is at it
   */
  async consumer(
    name: string,
    options: ConsumerOptions = {},
  ): Promise<Consumer> {
    await this.#me();
    return this.#store().consumer(name, options);
  }

  #open(): ClientStore {
    if (this.#closed) throw new UserError("The client is being closed");
    return this.#opened ??= ClientStore.open(this.#dir);
  }

  async #me(): Promise<Identity> {
    const identity = await this.identity();
    if (identity !== undefined) return identity;
    throw new NotRegisteredError();
  }

  #rowsOf(name: string | undefined): number[] | undefined {
    return name === undefined ? undefined : this.#store().contacts.rowsOf(name);
  }
}
