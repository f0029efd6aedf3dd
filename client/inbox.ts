/**
 * Receives: takes what waits at the relay, writes it down, opens it and hands
 * it on, each message once (section 4, points 5 to 7, of docs/protocol.md).
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { DecryptError } from "../shared/crypto.ts";
import { FormatError } from "../shared/format_error.ts";
import { MessageType } from "../shared/protocol.ts";
import type { Batch, BatchMessage } from "./batch.ts";
import type { Arriving, Progress } from "./connection.ts";
import type { Contacts } from "./contacts.ts";
import { UserError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { Journal } from "./journal.ts";
import { saveReceivedFile } from "./received_files.ts";
import type { RelayLink } from "./relay_link.ts";
import { Repeats, type Verdict } from "./repeats.ts";

/** Answers without anything new after which a pull ends. */
const MOST_REPEATED_ANSWERS = 4;
/** Milliseconds before asking a relay again that repeats itself; then twice as many. */
const REPEAT_PAUSE = 50;

/** What a received message holds; a doubtful text may be a wrong key's. */
export type ReceivedContent =
  | { kind: "keyRequest" }
  | { kind: "key" }
  | { kind: "text"; text: string; doubtful: boolean }
  | { kind: "file"; path: string }
  | { kind: "unreadable" };

/** A received message, ready to be shown. */
export type ReceivedMessage = ReceivedContent & {
  /** The sender's name, or the id in hex digits where nobody knows a name. */
  from: string;
};

/** How a pull goes on and what it meets. */
export interface PullEvents {
  /** Gets each message once, in the order in which the relay keeps them. */
  message: (message: ReceivedMessage) => void;
  /** Gets what went wrong without ending the pull. */
  problem: (error: UserError) => void;
  /** Is told how much of an answer has come in. */
  progress?: Progress;
}

/** One batch of received messages while it is worked through. */
class Work {
  readonly me: Identity;
  readonly events: PullEvents;
  /** Messages that couldn't be decrypted so far. */
  readonly later: BatchMessage[] = [];
  /** How many messages were shown for the first time. */
  fresh = 0;
  namesFetched = false;
  /** Whether a file couldn't be saved. */
  unsaved = false;
  /** Whether a message couldn't be decrypted in the end, or not for certain. */
  unread = false;
  /** Why the rest of the batch couldn't be read. */
  damage: FormatError | undefined;

  constructor(me: Identity, events: PullEvents) {
    this.me = me;
    this.events = events;
  }
}

/** What an {@linkcode Inbox} works with. */
export interface InboxParts {
  /** The folder in which received messages are written down. */
  dir: string;
  /** The way to the relay. */
  link: RelayLink;
  /** Who may have written, and the keys for them. */
  contacts: Contacts;
  /** Fetches the names of the others. */
  fetchNames: () => Promise<unknown>;
}

/** The user's inbox at the relay. */
export class Inbox {
  readonly #dir: string;
  readonly #link: RelayLink;
  readonly #contacts: Contacts;
  readonly #fetchNames: () => Promise<unknown>;
  readonly #journal: Journal;
  readonly #repeats = new Repeats();

  /** Nothing is read before {@linkcode pull}. */
  constructor({ dir, link, contacts, fetchNames }: InboxParts) {
    this.#dir = dir;
    this.#link = link;
    this.#contacts = contacts;
    this.#fetchNames = fetchNames;
    this.#journal = new Journal(dir);
  }

  /**
   * Takes all waiting messages. Each answer is written down before it is
   * worked through; what was left over is worked through first.
   *
   * @throws {UserError} where the relay can't be asked
   */
  async pull(me: Identity, events: PullEvents): Promise<void> {
    const leftovers = this.#journal.leftovers((path, reason) =>
      events.problem(new UserError(`Can't read ${path}: ${reason}`))
    );
    for await (const batch of leftovers) {
      // What couldn't be saved can't be now: more would only be kept as well.
      if (!(await this.#workThrough(batch, new Work(me, events))).complete) {
        return;
      }
    }
    // Slices: ask until nothing is left (section 4, point 5). A server that
    // doesn't delete would go on for ever, and one that deletes may not be
    // done with it when the next connection asks.
    for (let repeated = 0; repeated < MOST_REPEATED_ANSWERS;) {
      const { fresh, complete } = await this.#pullOnce(me, events);
      if (!complete || fresh === undefined) return;
      if (fresh > 0) {
        repeated = 0;
      } else {
        const pause = REPEAT_PAUSE * 2 ** repeated++;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** @returns `fresh` undefined where nothing waits */
  async #pullOnce(
    me: Identity,
    events: PullEvents,
  ): Promise<{ fresh: number | undefined; complete: boolean }> {
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
    // Of an answer that broke off, what arrived is shown before the error.
    const outcome = batch === undefined
      ? { fresh: undefined, complete: true }
      : await this.#workThrough(batch, new Work(me, events));
    if (broken !== undefined) throw broken;
    return outcome;
  }

  /**
   * @returns how many messages were new, and whether the batch is done with
   */
  async #workThrough(
    batch: Batch,
    work: Work,
  ): Promise<{ fresh: number; complete: boolean }> {
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
    for (const message of work.later) {
      await this.#receive(message, work, async (content) => {
        work.unread = true;
        await this.#show(message, content, work, "unreadable");
      });
    }
    if (!work.unsaved) await this.#finish(batch, work);
    return { fresh: work.fresh, complete: !work.unsaved };
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
   * Opens and shows a message, unless that was done before.
   *
   * @param uncertain gets what can't be decrypted, or not for certain
   */
  async #receive(
    message: BatchMessage,
    work: Work,
    uncertain: (content: ReceivedContent) => void | Promise<void>,
  ): Promise<void> {
    const before = await this.#repeats.get(message);
    if (before === "shown") return;
    try {
      const content = await this.#open(message, work.me);
      if (isCertain(content)) {
        await this.#show(message, content, work, "shown");
      } else if (before === undefined) {
        await uncertain(content);
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      work.events.problem(error);
      work.unsaved = true;
    }
  }

  async #show(
    message: BatchMessage,
    content: ReceivedContent,
    work: Work,
    verdict: Verdict,
  ): Promise<void> {
    const contact = this.#contacts.withId(message.sender);
    if (contact.name === undefined && !work.namesFetched) {
      work.namesFetched = true;
      // A list that can't be had must not hide the message.
      await this.#fetchNames().catch(ignoreUserError);
    }
    const from = contact.name || encodeHex(message.sender);
    work.events.message({ from, ...content });
    work.fresh++;
    await this.#repeats.set(message, verdict);
  }

  /** @throws {UserError} where a file can't be saved; all else is a content */
  async #open(
    message: BatchMessage,
    me: Identity,
  ): Promise<ReceivedContent> {
    const { channel } = this.#contacts.withId(message.sender);
    try {
      switch (message.type) {
        case MessageType.KeyRequest:
          return { kind: "keyRequest" };
        case MessageType.Key:
          await channel.acceptKey(
            me.privateKey,
            await message.content.bytes(),
          );
          return { kind: "key" };
        case MessageType.Text: {
          const { plaintext, doubtful } = await channel.open(
            message.type,
            await message.content.bytes(),
          );
          return { kind: "text", text: decodeText(plaintext), doubtful };
        }
        case MessageType.File: {
          const pieces = await channel.openPieces(message.content);
          return { kind: "file", path: await saveReceivedFile(pieces) };
        }
        default:
          return { kind: "unreadable" };
      }
    } catch (error) {
      if (error instanceof DecryptError) return { kind: "unreadable" };
      throw error;
    }
  }
}

function isCertain(content: ReceivedContent): boolean {
  if (content.kind === "text") return !content.doubtful;
  return content.kind !== "unreadable";
}

function ignoreUserError(error: unknown): void {
  if (!(error instanceof UserError)) throw error;
}

/** Some clients send the NUL that ends their strings (section 4, point 7). */
function decodeText(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0 ? -1 : bytes.length;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
