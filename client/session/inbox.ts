/**
 * Receives the waiting messages: writes them to the journal, then processes them
 * (DLV-4 of docs/protocol.md).
 *
 * @module
 */

import { formatThings } from "../../shared/cli/figures.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Batch } from "./batch.ts";
import { BatchWork, type WorkParts } from "./batch_work.ts";
import type { Arriving, Progress } from "../link/connection.ts";
import {
  ConnectionError,
  ignoreUserError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "../errors.ts";
import type { Identity } from "../keys/identity.ts";
import { Journal } from "./journal.ts";
import { KeyRecovery, type RecoveryParts } from "./key_recovery.ts";
import { notice, problem, type ReceiveEvent } from "./receive_event.ts";
import type { ContactRow } from "../store/contact_table.ts";
import { UnreadMessages } from "./unread_messages.ts";

/** Number of responses without new messages after which receiving ends. */
const MOST_REPEATS = 4;
/** Milliseconds before the next request to a relay that repeats itself; doubles each time. */
const REPEAT_PAUSE = 50;
const NOTHING: ReadonlySet<string> = new Set();

/** Number of senders that the warning about unread messages names. */
const MOST_NAMED = 5;

/** A step of receiving: yields events, returns a result. */
type Steps<T> = AsyncGenerator<ReceiveEvent, T, void>;

/** The state of one run of receiving. */
interface Run {
  me: Identity;
  progress: Progress | undefined;
  /** Number of new messages, and of those that a `stored` event has counted. */
  count: number;
  told: number;
  /** Senders of messages that no key opened when they arrived. */
  lackingKeys: Set<ContactRow>;
  /** See {@linkcode WorkParts}. */
  unread: Map<string, ContactRow>;
  /** See {@linkcode WorkParts}. */
  opened: Set<string>;
  /** Number of broken connections since the last complete response. */
  broken: number;
  /** The messages that the relay delivered, by identifying bytes in hex. */
  delivered: Set<string>;
  /** The messages of earlier responses that aren't saved yet, in the same form. */
  unsaved: Set<string>;
}

/** The user's inbox at the relay. */
export class Inbox {
  readonly #dir: string;
  readonly #session: RecoveryParts;
  readonly #files: string | undefined;
  readonly #journal: Journal;
  readonly #unread: UnreadMessages;
  /** Recovers the keys of messages that couldn't be opened. */
  readonly recovery: KeyRecovery;
  /** Messages that were shown without being stored. */
  readonly #shownUnkept = new Set<string>();
  /** Kept files whose keys were tried on the unread messages. */
  readonly #triedOn = new Set<string>();

  /**
   * @param dir the folder of the journal
   * @param files the folder for received files; undefined for the temporary folder
   */
  constructor(
    dir: string,
    session: RecoveryParts,
    files: string | undefined,
  ) {
    this.#files = files;
    this.#dir = dir;
    this.#session = session;
    this.#journal = new Journal(dir);
    this.#unread = new UnreadMessages(dir);
    this.recovery = new KeyRecovery(session);
  }

  /**
   * Brings all waiting messages into the store. Each response is written to the
   * journal before it is processed; leftovers of the journal are processed first.
   *
   * @returns the number of new messages that no event has counted
   * @throws {UserError} where no relay can be reached, or the relay refuses
   */
  async *receive(me: Identity, progress: Progress | undefined): Steps<number> {
    const run: Run = {
      me,
      progress,
      count: 0,
      told: 0,
      lackingKeys: new Set(),
      unread: new Map(),
      opened: new Set(),
      broken: 0,
      delivered: new Set(),
      unsaved: new Set(),
    };
    let failure: { error: unknown } | undefined;
    try {
      yield* this.#tidy();
      if (yield* this.#processLeftovers(run)) yield* this.#retrieveAll(run);
    } catch (error) {
      failure = { error };
    }
    if (run.unread.size > 0) yield this.#unreadProblem(run);
    const unread = new Set(run.unread.values());
    for (const contact of run.lackingKeys) {
      if (unread.has(contact)) this.recovery.wants(contact);
    }
    if (failure !== undefined) throw failure.error;
    return run.count - run.told;
  }

  async *#tidy(): Steps<void> {
    let removed = 0;
    try {
      removed = await this.#unread.tidy();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      yield { kind: "problem", error };
    }
    if (removed === 0) return;
    yield notice(
      `No key came in time for what couldn't be decrypted; removed: ${
        formatThings(removed, "file")
      } (info.unread.*)`,
    );
  }

  /** Names the senders of the messages that couldn't be opened. */
  #unreadProblem({ unread }: Run): ReceiveEvent {
    const counts = new Map<ContactRow, number>();
    for (const contact of unread.values()) {
      counts.set(contact, (counts.get(contact) ?? 0) + 1);
    }
    const { contacts } = this.#session.store;
    const named = [...counts].slice(0, MOST_NAMED)
      .map(([contact, count]) => `${count} from ${contacts.at(contact).label}`);
    const others = counts.size - named.length;
    if (others > 0) named.push(`those of ${formatThings(others, "other")}`);
    return problem(
      `Messages that no key opens for certain: ${named.join(", ")}`,
      `They are kept in ${this.#dir} (info.unread.*) and shown once a key comes that opens them: request-key NAME, 151 in the menu or /key asks for it`,
    );
  }

  /** @returns false where the store can't be written; waiting messages then stay at the relay */
  async *#processLeftovers(run: Run): Steps<boolean> {
    const failures: ReceiveEvent[] = [];
    const leftovers = this.#journal.leftovers((path, reason) =>
      failures.push(problem(`Can't read ${path}: ${reasonOf(reason)}`))
    );
    for await (const batch of leftovers) {
      yield* failures.splice(0);
      const work = yield* this.#process(batch, run, true);
      if (work.stuck) return false;
      if (work.unsaved) {
        for (const key of work.seen) run.unsaved.add(key);
      }
    }
    yield* failures.splice(0);
    return true;
  }

  /**
   * Pulls until no message waits, since a response may be partial (PUL-8). Only
   * then is it certain that the relay won't deliver these messages again.
   */
  async *#retrieveAll(run: Run): Steps<void> {
    const { delivered, unsaved } = run;
    const settle = (repeated: ReadonlySet<string>) =>
      this.#session.store.incoming.settle(repeated, unsaved);
    // A server that never deletes would repeat messages forever; others may not
    // have finished deleting when the next request arrives.
    for (let repeats = 0; repeats < MOST_REPEATS;) {
      let work: BatchWork | undefined;
      try {
        work = yield* this.#retrieveOnce(run);
      } catch (error) {
        // Some servers respond with 9000 where no message waits.
        const isEmpty = error instanceof ServerRefusedError &&
          delivered.size > 0 && run.broken === 0;
        if (isEmpty) settle(NOTHING);
        throw error;
      }
      if (work === undefined) return settle(NOTHING);
      if (work.unsaved) return;
      const count = run.count - run.told;
      run.told = run.count;
      yield { kind: "stored", count };
      if (work.fresh + work.dropped > 0) {
        repeats = 0;
      } else {
        const pause = REPEAT_PAUSE * 2 ** repeats++;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    settle(delivered);
  }

  /** Tries new keys on the unread messages. Their problems were reported when they arrived. */
  async *#retryUnread(senders: ReadonlySet<ContactRow>, run: Run): Steps<void> {
    if (senders.size === 0) return;
    const { contacts } = this.#session.store;
    const ids = [...senders].map((contact) => contacts.at(contact).clientId);
    for await (const { batch, isWhole } of this.#unread.of(ids)) {
      const steps = this.#process(batch, run, true, { senders, isWhole });
      for await (const event of steps) {
        if (event.kind !== "problem") yield event;
      }
    }
  }

  /** @returns undefined where no message waits */
  async *#retrieveOnce(run: Run): Steps<BatchWork | undefined> {
    let batch: Batch | undefined;
    let broken: unknown;
    const failures: ReceiveEvent[] = [];
    const keep = async (response: Arriving) => {
      batch = await this.#journal.add(
        response,
        (reason) =>
          failures.push(problem(
            `Can't write received messages down: ${reasonOf(reason)}`,
            `They are shown all the same; make room in ${this.#dir}`,
          )),
      );
      if (batch?.refused !== undefined) throw batch.refused;
    };
    try {
      await this.#session.link.pull(run.me.clientId, keep, run.progress);
    } catch (error) {
      broken = error;
    }
    yield* failures;
    // The received part of a broken response is stored before the error is thrown.
    const work = batch && (yield* this.#process(batch, run, false));
    for (const key of work?.seen ?? []) run.delivered.add(key);
    if (broken === undefined) {
      run.broken = 0;
      return work;
    }
    if (work?.unsaved || !await this.#mayGoOn(run, broken)) throw broken;
    return yield* this.#retrieveOnce(run);
  }

  /** Whether to retry after a broken response: once with each other relay. */
  async #mayGoOn(run: Run, broken: unknown): Promise<boolean> {
    const isBreak = broken instanceof ConnectionError &&
      !(broken instanceof NoConnectionError);
    return isBreak && ++run.broken < await this.#session.link.relayCount();
  }

  /** @param aside parameters of a batch that was set aside; undefined for others */
  async *#process(
    batch: Batch,
    run: Run,
    isOld: boolean,
    aside?: Pick<WorkParts, "senders" | "isWhole">,
  ): Steps<BatchWork> {
    const work = new BatchWork({
      store: this.#session.store,
      me: run.me,
      files: this.#files,
      shownUnkept: this.#shownUnkept,
      isOld,
      unread: run.unread,
      opened: run.opened,
      ...aside,
    });
    yield* work.run(batch);
    run.count += work.fresh;
    for (const contact of work.lackingKeys) run.lackingKeys.add(contact);
    for (const [contact, keys] of work.asking) {
      this.recovery.wasAsked(contact, keys);
    }
    yield* this.#learnNames(work.senders);
    // A client that is killed before this ends processes the batch again.
    if (aside === undefined && !work.stuck) {
      const isFirst = batch.path !== undefined &&
        !this.#triedOn.has(batch.path);
      const senders = isFirst ? work.newKeys.union(work.oldKeys) : work.newKeys;
      yield* this.#retryUnread(senders, run);
      if (work.unsaved && batch.path !== undefined) {
        this.#triedOn.add(batch.path);
      }
    }
    if (!work.unsaved) yield* this.#finish(batch, work, aside !== undefined);
    return work;
  }

  /** Removes a batch; keeps the messages that couldn't be opened. */
  async *#finish(
    batch: Batch,
    { unread, count, damage }: BatchWork,
    isAside: boolean,
  ): Steps<void> {
    if (unread.size === 0 && damage === undefined) {
      return await this.#journal.done(batch);
    }
    if (isAside && unread.size === count) return;
    const { rest, dropped } = await this.#unread.keep(batch, unread);
    // `keep` has replaced the file of a batch that has one.
    if (batch.path === undefined) await this.#journal.done(batch);
    if (damage !== undefined) {
      yield problem(
        `The end of the response is damaged: ${damage.message}`,
        rest === undefined ? undefined : `It is kept unchanged in ${rest}`,
      );
    }
    if (dropped > 0) {
      yield problem(
        `There was no room for ${
          formatThings(dropped, "message")
        } that couldn't be decrypted`,
        `There is room for 256 MiB of them in ${this.#dir} (info.unread.*); ask for the key, and for these messages once more`,
      );
    }
  }

  /** Fetches the names of senders, and warns where another client claims one of them. */
  async *#learnNames(senders: readonly ContactRow[]): Steps<void> {
    const { contacts, store } = this.#session;
    const isNameless = (contact: ContactRow) =>
      store.contacts.at(contact).name === undefined;
    // Without the list, messages are shown without names.
    if (senders.some(isNameless)) await contacts.fetch().catch(ignoreUserError);
    for (const contact of senders) {
      const error = await contacts.warning(contact);
      if (error !== undefined) yield { kind: "problem", error };
    }
  }
}
