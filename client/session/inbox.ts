/**
 * Receives: takes what waits at the relay, writes it down, and has it worked
 * through (DLV-4 of docs/protocol.md).
 *
 * @module
 */

import type { Batch } from "./batch.ts";
import {
  BatchWork,
  type RetrieveEvents,
  type WorkParts,
} from "./batch_work.ts";
import type { Arriving } from "../link/connection.ts";
import {
  ConnectionError,
  ignoreUserError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "../errors.ts";
import type { Identity } from "../keys/identity.ts";
import { Journal } from "./journal.ts";
import type { KeyRecovery } from "./key_recovery.ts";
import type { People, PeopleParts } from "./people.ts";
import type { RelayLink } from "../link/relay_link.ts";
import { labelOf } from "../store/contact_book.ts";
import type { ClientStore } from "../store/store.ts";
import { UnreadMessages } from "./unread_messages.ts";

/** Answers without anything new after which a pull ends. */
const MOST_REPEATED_ANSWERS = 4;
/** Milliseconds before asking a relay again that repeats itself; then twice as many. */
const REPEAT_PAUSE = 50;
/** Milliseconds to wait for another client that receives. */
const PULL_PATIENCE = 120_000;
/** No messages. */
const NOTHING: ReadonlySet<string> = new Set();

/** Senders whose unread messages are told by name. */
const MOST_NAMED = 5;

/** One retrieval, as far as it has come. */
interface Retrieval {
  me: Identity;
  events: RetrieveEvents;
  /** Messages that were new. */
  count: number;
  /** Who sent what no key opened when it came. */
  lackingKeys: Set<number>;
  /** The senders of new messages that couldn't be opened, see {@linkcode WorkParts}. */
  unread: Map<string, number>;
  /** What was opened, see there. */
  opened: Set<string>;
  /** Connections that broke since an answer was whole. */
  broken: number;
  /** Messages that the relay handed out, in hex digits. */
  handedOut: Set<string>;
  /** Messages of earlier answers that are still to be saved, in hex digits. */
  unsaved: Set<string>;
}

/** The user's inbox at the relay. */
export class Inbox {
  readonly #dir: string;
  readonly #store: () => ClientStore;
  readonly #link: RelayLink;
  readonly #people: People;
  readonly #journal: Journal;
  readonly #unread: UnreadMessages;
  readonly #recovery: KeyRecovery;
  /** Messages that were shown though they couldn't be kept. */
  readonly #shownUnkept = new Set<string>();
  /** Files that stay, whose keys were tried on what is kept. */
  readonly #lookedAt = new Set<string>();

  /**
   * Nothing is read before {@linkcode retrieve}.
   *
   * @param parts with the folder in which received messages are written down
   */
  constructor(
    { dir, store, link, people, recovery }: Omit<PeopleParts, "me"> & {
      dir: string;
      people: People;
      recovery: KeyRecovery;
    },
  ) {
    this.#dir = dir;
    this.#store = store;
    this.#link = link;
    this.#people = people;
    this.#journal = new Journal(dir);
    this.#unread = new UnreadMessages(dir);
    this.#recovery = recovery;
  }

  /**
   * Takes all waiting messages into the store. Each answer is written down
   * before it is worked through; what was left over is worked through first.
   *
   * @returns how many were new
   * @throws {UserError} where the relay can't be asked
   */
  async retrieve(me: Identity, events: RetrieveEvents): Promise<number> {
    this.#store().database.lookForRoom();
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
    const retrieval: Retrieval = {
      me,
      events,
      count: 0,
      lackingKeys: new Set(),
      unread: new Map(),
      opened: new Set(),
      broken: 0,
      handedOut: new Set(),
      unsaved: new Set(),
    };
    try {
      await this.#tidy(events);
      if (await this.#workOffLeftovers(retrieval)) {
        await this.#retrieveAll(retrieval);
      }
    } finally {
      this.#tellUnread(retrieval);
      const unread = new Set(retrieval.unread.values());
      for (const contact of retrieval.lackingKeys) {
        if (unread.has(contact)) this.#recovery.wants(contact);
      }
    }
    return retrieval.count;
  }

  async #tidy({ problem, notice }: RetrieveEvents): Promise<void> {
    const removed = await this.#unread.tidy().catch((error) => {
      ignoreUserError(error);
      problem(error);
    });
    if (!removed) return;
    notice?.(
      `No key came in time for what couldn't be decrypted: ${removed} files (info.unread.*) are removed`,
    );
  }

  /** Says once of whom something couldn't be read. */
  #tellUnread({ unread, events }: Retrieval): void {
    if (unread.size === 0) return;
    const counts = new Map<number, number>();
    for (const contact of unread.values()) {
      counts.set(contact, (counts.get(contact) ?? 0) + 1);
    }
    const { contacts } = this.#store();
    const named = [...counts].slice(0, MOST_NAMED)
      .map(([contact, count]) =>
        `${count} from ${labelOf(contacts.at(contact))}`
      );
    const others = counts.size - named.length;
    if (others > 0) named.push(`those of ${others} others`);
    events.problem(
      new UserError(
        `Messages that no key opens for certain: ${named.join(", ")}`,
        `They are kept in ${this.#dir} (info.unread.*) and shown once a key comes that opens them: request-key NAME, 151 in the menu or /key asks for it`,
      ),
    );
  }

  /** @returns false where the store takes nothing: what waits is better off at the relay */
  async #workOffLeftovers(retrieval: Retrieval): Promise<boolean> {
    const { problem } = retrieval.events;
    const leftovers = this.#journal.leftovers((path, reason) =>
      problem(new UserError(`Can't read ${path}: ${reason}`))
    );
    for await (const batch of leftovers) {
      const work = await this.#workThrough(batch, retrieval, true);
      if (work.stuck) return false;
      if (work.unsaved) {
        for (const key of work.seen) retrieval.unsaved.add(key);
      }
    }
    return true;
  }

  /**
   * Slices: asks until nothing is left (PUL-8). Only then it is known what the
   * relay won't hand out again.
   */
  async #retrieveAll(retrieval: Retrieval): Promise<void> {
    const { handedOut, unsaved } = retrieval;
    const settle = (repeated: ReadonlySet<string>) =>
      this.#store().incoming.settle(repeated, unsaved);
    // A server that doesn't delete would go on for ever, and one that deletes
    // may not be done with it when the next connection asks.
    for (let repeated = 0; repeated < MOST_REPEATED_ANSWERS;) {
      let work: BatchWork | undefined;
      try {
        work = await this.#retrieveOnce(retrieval);
      } catch (error) {
        // Some servers answer 9000 where nothing waits any more.
        const isEmpty = error instanceof ServerRefusedError &&
          handedOut.size > 0 && retrieval.broken === 0;
        if (isEmpty) settle(NOTHING);
        throw error;
      }
      if (work === undefined) return settle(NOTHING);
      if (work.unsaved) return;
      await retrieval.events.kept?.();
      if (work.fresh > 0) {
        repeated = 0;
      } else {
        const pause = REPEAT_PAUSE * 2 ** repeated++;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    settle(handedOut);
  }

  /** A key may come long after what it opens. What stays unread was told when it came. */
  async #retryUnread(
    senders: ReadonlySet<number>,
    retrieval: Retrieval,
  ): Promise<void> {
    if (senders.size === 0) return;
    const events = { ...retrieval.events, problem: () => {} };
    const quiet = { ...retrieval, events };
    const { contacts } = this.#store();
    const ids = [...senders].map((contact) => contacts.at(contact).clientId);
    for await (const { batch, isWhole } of this.#unread.of(ids)) {
      await this.#workThrough(batch, quiet, true, { senders, isWhole });
    }
    retrieval.count = quiet.count;
  }

  /** @returns undefined where nothing waits */
  async #retrieveOnce(retrieval: Retrieval): Promise<BatchWork | undefined> {
    const { me, events } = retrieval;
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
    const work = batch && await this.#workThrough(batch, retrieval, false);
    for (const key of work?.seen ?? []) retrieval.handedOut.add(key);
    if (broken === undefined) {
      retrieval.broken = 0;
      return work;
    }
    if (work?.unsaved || !await this.#mayGoOn(retrieval, broken)) throw broken;
    return await this.#retrieveOnce(retrieval);
  }

  /** What broke off still waits; the next relay hands it out, each once in a row. */
  async #mayGoOn(retrieval: Retrieval, broken: unknown): Promise<boolean> {
    const isBreak = broken instanceof ConnectionError &&
      !(broken instanceof NoConnectionError);
    return isBreak && ++retrieval.broken < await this.#link.relayCount();
  }

  /** @param aside how to look at what was put aside before; undefined of what comes in */
  async #workThrough(
    batch: Batch,
    retrieval: Retrieval,
    isOld: boolean,
    aside?: Pick<WorkParts, "senders" | "isWhole">,
  ): Promise<BatchWork> {
    const { me, events } = retrieval;
    const store = this.#store();
    const shownUnkept = this.#shownUnkept;
    const work = new BatchWork({
      store,
      me,
      events,
      shownUnkept,
      isOld,
      unread: retrieval.unread,
      opened: retrieval.opened,
      ...aside,
    });
    await work.run(batch);
    retrieval.count += work.fresh;
    for (const contact of work.lackingKeys) retrieval.lackingKeys.add(contact);
    for (const [contact, keys] of work.asking) {
      this.#recovery.wasAsked(contact, keys);
    }
    await this.#learnNames(work.senders, events);
    // A client that is killed before this is done finds the batch once more.
    if (aside === undefined && !work.stuck) {
      const isFirst = batch.path !== undefined &&
        !this.#lookedAt.has(batch.path);
      const senders = isFirst ? work.newKeys.union(work.oldKeys) : work.newKeys;
      await this.#retryUnread(senders, retrieval);
      if (work.unsaved && batch.path !== undefined) {
        this.#lookedAt.add(batch.path);
      }
    }
    if (!work.unsaved) {
      await this.#finish(batch, work, events, aside !== undefined);
    }
    return work;
  }

  /** Forgets what could be opened of a batch, and keeps the rest. */
  async #finish(
    batch: Batch,
    { unread, count, damage }: BatchWork,
    events: RetrieveEvents,
    isAside: boolean,
  ): Promise<void> {
    if (unread.size === 0 && damage === undefined) {
      return await this.#journal.done(batch);
    }
    if (isAside && unread.size === count) return;
    const { rest, dropped } = await this.#unread.keep(batch, unread);
    // Its file, where it had one, has made way for those that are kept.
    if (batch.path === undefined) await this.#journal.done(batch);
    if (damage !== undefined) {
      events.problem(
        new UserError(
          `The end of the answer is damaged: ${damage.message}`,
          rest === undefined ? undefined : `As it came, it is kept in ${rest}`,
        ),
      );
    }
    if (dropped > 0) {
      events.problem(
        new UserError(
          `${dropped} messages that couldn't be decrypted were too much to keep`,
          `There is room for 256 MiB of them in ${this.#dir} (info.unread.*); ask for the key, and for these messages once more`,
        ),
      );
    }
  }

  /** The senders' names, and whether somebody else has taken one of them over. */
  async #learnNames(
    senders: readonly number[],
    events: RetrieveEvents,
  ): Promise<void> {
    const { contacts } = this.#store();
    const nameless = (contact: number) => contacts.at(contact).name === null;
    // A list that can't be had must not hide the messages.
    if (senders.some(nameless)) {
      await this.#people.list().catch(ignoreUserError);
    }
    for (const contact of senders) {
      const warning = await this.#people.warning(contact);
      if (warning !== undefined) events.problem(warning);
    }
  }
}
