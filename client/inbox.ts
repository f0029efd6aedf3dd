/**
 * Receives: takes what waits at the relay, writes it down, opens it and keeps
 * it, each message once (section 4, points 5 to 7, of docs/protocol.md).
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import {
  DecryptError,
  ENCRYPTED_KEY_SIZE,
  exportSymmetricKey,
} from "../shared/crypto.ts";
import { FormatError } from "../shared/format_error.ts";
import { MessageType } from "../shared/protocol.ts";
import type { Batch, BatchMessage } from "./batch.ts";
import type { LegacyChannel } from "./channel.ts";
import type { Arriving, Progress } from "./connection.ts";
import { FolderError, UserError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { Journal } from "./journal.ts";
import type { Message, MessageKind } from "./message.ts";
import type { People, PeopleParts } from "./people.ts";
import { saveReceivedFile } from "./received_files.ts";
import type { RelayLink } from "./relay_link.ts";
import { labelOf } from "./store/contact_book.ts";
import type { Received } from "./store/conversations.ts";
import type { ClientStore } from "./store/store.ts";

/** Answers without anything new after which a pull ends. */
const MOST_REPEATED_ANSWERS = 4;
/** Milliseconds before asking a relay again that repeats itself; then twice as many. */
const REPEAT_PAUSE = 50;
/** Milliseconds to wait for another client that receives. */
const PULL_PATIENCE = 120_000;
/** Messages that are kept with one commit, and bytes of their texts. */
const [MESSAGES_PER_COMMIT, BYTES_PER_COMMIT] = [256, 4 * 1024 * 1024];
/** Bytes of the largest text; a larger one is saved as a file, a piece at a time. */
const MAX_TEXT_SIZE = 16 * 1024 * 1024;

/** How a retrieval goes on and what it meets. */
export interface RetrieveEvents {
  /** Gets what went wrong without ending it. */
  problem: (error: UserError) => void;
  /** Is told how much of an answer has come in. */
  progress?: Progress | undefined;
  /** Gets messages that can't be kept for now, so that they are seen at least. */
  unkept?: ((message: Message) => void) | undefined;
}

/** What was found in a message. */
interface Opened {
  kind: MessageKind;
  text?: string;
  path?: string;
  size: number;
  doubtful: boolean;
  /** The symmetric key that it brought. */
  key?: Uint8Array;
}

/** An opened message on its way into the store. */
type Pending = Received & Pick<Opened, "key">;

/** What became of an answer. */
interface Outcome {
  /** How many messages were new; undefined where nothing waits. */
  fresh: number | undefined;
  /** Whether it is done with. */
  complete: boolean;
  /** Whether it brought a symmetric key. */
  keys: boolean;
}

/** One batch of received messages while it is worked through. */
class Work {
  readonly me: Identity;
  readonly events: RetrieveEvents;
  readonly received = Date.now();
  /** Messages that couldn't be decrypted so far. */
  readonly later: BatchMessage[] = [];
  /** The channels to the senders, with the keys that came in this batch. */
  readonly channels = new Map<number, LegacyChannel>();
  /** How many messages were new. */
  fresh = 0;
  /** Whether all keys of the batch are known. */
  isSecondPass = false;
  /** Whether a new key was among them. */
  keys = false;
  /** Whether something couldn't be saved, so that the batch has to stay. */
  unsaved = false;
  /** Whether a message couldn't be decrypted in the end, or not for certain. */
  unread = false;
  /** Why the rest of the batch couldn't be read. */
  damage: FormatError | undefined;

  /** Opened, and not in the store yet. */
  readonly #pending = new Map<string, Pending>();
  #pendingBytes = 0;

  /** Whether it was received in an earlier run, which may have broken off anywhere. */
  readonly isLeftover: boolean;

  constructor(me: Identity, events: RetrieveEvents, isLeftover = false) {
    this.me = me;
    this.events = events;
    this.isLeftover = isLeftover;
  }

  /** Whether what was opened should be kept before there is more of it. */
  get isFull(): boolean {
    return this.#pending.size >= MESSAGES_PER_COMMIT ||
      this.#pendingBytes >= BYTES_PER_COMMIT;
  }

  /** Whether a message was opened and isn't kept yet. */
  has(seen: Uint8Array): boolean {
    return this.#pending.has(encodeHex(seen));
  }

  /** Takes what was opened. */
  add(message: Pending): void {
    this.#pending.set(encodeHex(message.seen), message);
    this.#pendingBytes += message.text?.length ?? 0;
  }

  /** Gives what is to be kept. */
  takePending(): Pending[] {
    const messages = [...this.#pending.values()];
    this.#pending.clear();
    this.#pendingBytes = 0;
    return messages;
  }
}

/** The user's inbox at the relay. */
export class Inbox {
  readonly #dir: string;
  readonly #store: () => ClientStore;
  readonly #link: RelayLink;
  readonly #people: People;
  readonly #journal: Journal;
  /** Messages that were shown though they couldn't be kept. */
  readonly #shownUnkept = new Set<string>();

  /**
   * Nothing is read before {@linkcode retrieve}.
   *
   * @param parts with the folder in which received messages are written down
   */
  constructor(
    { dir, store, link, people }: Omit<PeopleParts, "me"> & {
      dir: string;
      people: People;
    },
  ) {
    this.#dir = dir;
    this.#store = store;
    this.#link = link;
    this.#people = people;
    this.#journal = new Journal(dir);
  }

  /**
   * Takes all waiting messages into the store. Each answer is written down
   * before it is worked through; what was left over is worked through first.
   *
   * @returns how many were new
   * @throws {UserError} where the relay can't be asked
   */
  async retrieve(me: Identity, events: RetrieveEvents): Promise<number> {
    using lock = await this.#store().lock("pull", PULL_PATIENCE);
    if (lock === undefined) {
      events.problem(
        new UserError(
          "Another client in this folder has been receiving for two minutes",
          "What it receives shows here too; if it is stopped or stuck, end it",
        ),
      );
      return 0;
    }
    let count = 0;
    const leftovers = this.#journal.leftovers((path, reason) =>
      events.problem(new UserError(`Can't read ${path}: ${reason}`))
    );
    for await (const batch of leftovers) {
      const work = new Work(me, events, true);
      const outcome = await this.#workThrough(batch, work);
      count += outcome.fresh;
      // What couldn't be saved can't be now: more would only be kept as well.
      if (!outcome.complete) return count;
    }
    let brought = false;
    // Slices: ask until nothing is left (section 4, point 5). A server that
    // doesn't delete would go on for ever, and one that deletes may not be
    // done with it when the next connection asks.
    for (let repeated = 0; repeated < MOST_REPEATED_ANSWERS;) {
      const { fresh, complete, keys } = await this.#retrieveOnce(me, events);
      count += fresh ?? 0;
      brought ||= keys;
      if (!complete || fresh === undefined) break;
      if (fresh > 0) {
        repeated = 0;
      } else {
        const pause = REPEAT_PAUSE * 2 ** repeated++;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    return brought ? count + await this.#retryUnread(me, events) : count;
  }

  /** A key may come long after what it opens. What stays unread was told when it came. */
  async #retryUnread(me: Identity, events: RetrieveEvents): Promise<number> {
    let count = 0;
    const quiet = { ...events, problem: () => {} };
    for await (const batch of this.#journal.unread()) {
      const work = new Work(me, quiet, true);
      count += (await this.#workThrough(batch, work)).fresh;
    }
    return count;
  }

  async #retrieveOnce(
    me: Identity,
    events: RetrieveEvents,
  ): Promise<Outcome> {
    let batch: Batch | undefined;
    let broken: unknown;
    const keep = async (answer: Arriving) => {
      batch = await this.#journal.add(answer, (reason) =>
        events.problem(
          new UserError(
            `Can't write received messages down: ${reason}`,
            `They are shown all the same; make room in ${this.#dir}`,
          ),
        ));
      if (batch?.refused !== undefined) throw batch.refused;
    };
    try {
      await this.#link.pull(me.clientId, keep, events.progress);
    } catch (error) {
      broken = error;
    }
    // Of an answer that broke off, what arrived is kept before the error.
    const outcome = batch === undefined
      ? { fresh: undefined, complete: true, keys: false }
      : await this.#workThrough(batch, new Work(me, events));
    if (broken !== undefined) throw broken;
    return outcome;
  }

  async #workThrough(
    batch: Batch,
    work: Work,
  ): Promise<Outcome & { fresh: number }> {
    try {
      for await (const message of batch.messages()) {
        await this.#receive(message, work, () => {
          work.later.push(message);
        });
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      work.damage = error;
    }
    // A key may have come behind the messages that it opens; a wrong one opens
    // a text now and then, as something that isn't UTF-8.
    work.isSecondPass = true;
    for (const message of work.later) {
      await this.#receive(message, work, (pending) => {
        work.unread = true;
        work.add(pending);
      });
    }
    await this.#keep(work);
    await this.#learnNames(work);
    if (!work.unsaved) await this.#finish(batch, work);
    const { fresh, unsaved, keys } = work;
    return { fresh, complete: !unsaved, keys };
  }

  async #finish(batch: Batch, { unread, damage, events }: Work): Promise<void> {
    if (!unread && damage === undefined) return await this.#journal.done(batch);
    const path = await this.#journal.putAside(batch);
    events.problem(
      new UserError(
        damage === undefined
          ? "Not everything could be decrypted, or not for certain"
          : `The end of the answer is damaged: ${damage.message}`,
        path === undefined ? undefined : `As it came, it is kept in ${path}`,
      ),
    );
  }

  /**
   * Opens a message, unless that was done before.
   *
   * @param uncertain gets what can't be decrypted, or not for certain
   */
  async #receive(
    message: BatchMessage,
    work: Work,
    uncertain: (pending: Pending) => void,
  ): Promise<void> {
    const { contacts, conversations } = this.#store();
    const seen = await identify(message, work.me);
    const before = conversations.seen(seen);
    if (before === "opened" || work.has(seen)) return;
    try {
      const { contact } = contacts.withId(message.sender);
      const opened = await this.#open(message, contact, work);
      const pending: Pending = {
        ...opened,
        contact,
        seen,
        relayMessageId: message.messageId,
        received: work.received,
        shown: this.#shownUnkept.has(encodeHex(seen)) ? Date.now() : undefined,
        decrypted: opened.kind === "unreadable" ? undefined : Date.now(),
      };
      if (opened.kind !== "unreadable" && !opened.doubtful) {
        work.add(pending);
      } else if (before === undefined || work.isLeftover) {
        uncertain(pending);
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      work.events.problem(error);
      work.unsaved = true;
    }
    if (work.isFull) await this.#keep(work);
  }

  /** Brings what was opened into the store; keys before the texts that follow, and with one commit. */
  async #keep(work: Work): Promise<void> {
    const { database, conversations, keys } = this.#store();
    const pending = work.takePending();
    const redundant: string[] = [];
    try {
      database.write(() => {
        for (const message of pending) {
          const isNew = conversations.addReceived(message) !== undefined;
          if (isNew) work.fresh++;
          else if (message.path !== undefined) redundant.push(message.path);
          if (isNew && message.key !== undefined) {
            const { contact, key } = message;
            keys.sendUnder(contact, keys.add(contact, key, work.me.clientId));
            work.keys = true;
          }
        }
      });
    } catch (error) {
      if (!(error instanceof FolderError)) throw error;
      work.unsaved = true;
      work.events.problem(error);
      for (const message of pending) this.#showUnkept(message, work);
    }
    for (const path of redundant) await Deno.remove(path).catch(() => {});
  }

  #showUnkept(message: Pending, { events }: Work): void {
    const seen = encodeHex(message.seen);
    if (this.#shownUnkept.has(seen)) return;
    this.#shownUnkept.add(seen);
    const contact = this.#store().contacts.at(message.contact);
    events.unkept?.({
      id: 0,
      contact: labelOf(contact),
      contactId: contact.clientId,
      outgoing: false,
      kind: message.kind,
      text: message.text,
      path: message.path,
      size: message.size,
      time: message.received,
      delivery: "received",
      shown: true,
      doubtful: message.doubtful,
      accepted: contact.succeeds === null,
    });
  }

  /** The senders' names, and whether somebody else has taken one of them over. */
  async #learnNames(work: Work): Promise<void> {
    const { contacts } = this.#store();
    const senders = [...work.channels.keys()];
    const nameless = (contact: number) => contacts.at(contact).name === null;
    // A list that can't be had must not hide the messages.
    if (senders.some(nameless)) {
      await this.#people.list().catch(ignoreUserError);
    }
    for (const contact of senders) {
      const warning = await this.#people.warning(contact)
        .catch(ignoreUserError);
      if (warning !== undefined) work.events.problem(warning);
    }
  }

  /** @throws {UserError} where a file can't be saved; all else is something opened */
  async #open(
    message: BatchMessage,
    contact: number,
    work: Work,
  ): Promise<Opened> {
    const { contacts, keys } = this.#store();
    const channel = work.channels.get(contact) ??
      await keys.channel(contacts.at(contact), work.me.clientId);
    work.channels.set(contact, channel);
    const rest = { size: 0, doubtful: false };
    const { type, content } = message;
    try {
      if (type === MessageType.KeyRequest) {
        return { kind: "keyRequest", ...rest };
      }
      if (type === MessageType.Key && content.size === ENCRYPTED_KEY_SIZE) {
        const { privateKey } = work.me;
        const key = await channel.acceptKey(privateKey, await content.bytes());
        return { kind: "key", ...rest, key: await exportSymmetricKey(key) };
      }
      if (type === MessageType.Text && content.size <= MAX_TEXT_SIZE) {
        const opened = await channel.open(type, await content.bytes());
        const { doubtful, plaintext } = opened;
        const text = decodeText(plaintext);
        return { kind: "text", text, size: plaintext.length, doubtful };
      }
      if (type === MessageType.Text || type === MessageType.File) {
        const { pieces, doubtful } = await channel.openPieces(content);
        // Its key may stand behind it; nothing in a file tells a wrong one.
        if (doubtful && !work.isSecondPass) {
          return { kind: "file", ...rest, doubtful };
        }
        const saved = await saveReceivedFile(pieces);
        return { kind: "file", ...saved, doubtful: false };
      }
    } catch (error) {
      if (!(error instanceof DecryptError)) throw error;
    }
    return { kind: "unreadable", ...rest };
  }
}

/**
 * What tells a message from its repeats: its sender, its id, its type and its
 * content, since servers that lose their database start their ids anew; and
 * whose inbox it was in, since the user may have registered anew.
 */
async function identify(
  message: BatchMessage,
  me: Identity,
): Promise<Uint8Array> {
  const facts = [
    encodeHex(me.clientId),
    encodeHex(message.sender),
    message.messageId,
    message.type,
    encodeHex(await message.content.digest()),
  ].join(" ");
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(facts)),
  );
}

function ignoreUserError(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error;
}

/** Some clients send the NUL that ends their strings (section 4, point 7). */
function decodeText(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0 ? -1 : bytes.length;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
