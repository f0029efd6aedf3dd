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
import type { Arriving } from "./connection.ts";
import {
  ConnectionError,
  ignoreUserError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "./errors.ts";
import type { Identity } from "./identity.ts";
import { Journal } from "./journal.ts";
import type { People, PeopleParts } from "./people.ts";
import type { RelayLink } from "./relay_link.ts";
import type { ClientStore } from "./store/store.ts";

/** Answers without anything new after which a pull ends. */
const MOST_REPEATED_ANSWERS = 4;
/** Milliseconds before asking a relay again that repeats itself; then twice as many. */
const REPEAT_PAUSE = 50;
/** Milliseconds to wait for another client that receives. */
const PULL_PATIENCE = 120_000;
/** No messages. */
const NOTHING: ReadonlySet<string> = new Set();

/** One retrieval, as far as it has come. */
interface Retrieval {
  me: Identity;
  events: RetrieveEvents;
  /** Messages that were new. */
  count: number;
  /** Who sent a new key. */
  newKeys: Set<number>;
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
    const newKeys = new Set<number>();
    const retrieval = {
      me,
      events,
      count: 0,
      newKeys,
      broken: 0,
      handedOut: new Set<string>(),
      unsaved: new Set<string>(),
    };
    if (await this.#workOffLeftovers(retrieval)) {
      await this.#retrieveAll(retrieval);
      await this.#retryUnread(retrieval);
    }
    return retrieval.count;
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
  async #retryUnread(retrieval: Retrieval): Promise<void> {
    const senders = new Set(retrieval.newKeys);
    if (senders.size === 0) return;
    const events = { ...retrieval.events, problem: () => {} };
    const quiet = { ...retrieval, events };
    for await (const batch of this.#journal.unread()) {
      await this.#workThrough(batch, quiet, true, senders);
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

  async #workThrough(
    batch: Batch,
    retrieval: Retrieval,
    isOld: boolean,
    senders?: WorkParts["senders"],
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
      senders,
    });
    await work.run(batch);
    retrieval.count += work.fresh;
    for (const contact of work.newKeys) retrieval.newKeys.add(contact);
    await this.#learnNames(work.senders, events);
    if (!work.unsaved) await this.#finish(batch, work, events);
    return work;
  }

  async #finish(
    batch: Batch,
    { unread, damage }: BatchWork,
    events: RetrieveEvents,
  ): Promise<void> {
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
