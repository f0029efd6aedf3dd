/**
 * Writes commands into the database, as many in one transaction as have
 * arrived: the disk's sync is what costs, and a group shares it.
 *
 * @module
 */

import type { Database, Statement } from "@db/sqlite";
import type { Command, Outcome } from "./commands.ts";
import {
  DiskFullError,
  StoreBusyError,
  storeError,
} from "../database_errors.ts";
import type { DiskRoom } from "./disk_room.ts";
import { countIds } from "../../id_runs.ts";
import { Inboxes } from "./inboxes.ts";
import { PART_SIZE } from "../../layout.ts";
import { MessageDeleter } from "./message_deleter.ts";
import {
  clientInserter,
  RAISE_LAST_MESSAGE,
  waitForOthers,
} from "../schema.ts";
import { StoreBrokenError, StoreError } from "../../store.ts";
import { type ClockLook, WallClock } from "./wall_clock.ts";

/** A command, and how to get at the bytes of a message's content. */
export interface Job {
  /** What to write. */
  command: Exclude<Command, { kind: "close" }>;
  /** The next bytes of a message's content; a job is tried again only where they can be had again. */
  content: (size: number) => Uint8Array;
}

/** What a {@linkcode GroupWriter} has done elsewhere. */
export interface GroupWriterOptions {
  /** Sees to the disk's room. Default: nothing does. */
  room?: Pick<DiskRoom, "before" | "make" | "tried">;
  /** Is told that another process has written since the last group. Default: nobody. */
  othersWrote?: () => void;
  /** Tells the time. Default: the system's. */
  clock?: WallClock;
}

/** Writes groups of commands, each in a transaction. */
export class GroupWriter {
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #insertClient: ReturnType<typeof clientInserter>;
  readonly #inboxes: Inboxes;
  readonly #deleter: MessageDeleter;
  readonly #room: GroupWriterOptions["room"];
  readonly #othersWrote: () => void;
  readonly #clock: WallClock;
  /** The clocks at the beginning of this group. */
  #look: ClockLook;
  /** No row up to this one is known to have been taken in by this process. */
  #olderRow = Infinity;
  /** Whether the disk had no room for the group before. */
  #isFull = false;
  /** Changes when somebody else commits. */
  #dataVersion: number | undefined;
  #waiting = NaN;
  /** Whether another program's lock is waited for. */
  #waits = true;
  /** Why nothing is written any more. */
  #broken: StoreBrokenError | undefined;

  /** The database has its tables. */
  constructor(
    database: Database,
    { room, othersWrote = () => {}, clock = new WallClock() }:
      GroupWriterOptions = {},
  ) {
    this.#database = database;
    this.#room = room;
    this.#othersWrote = othersWrote;
    this.#clock = clock;
    this.#statements = prepareStatements(database);
    this.#insertClient = clientInserter(database);
    this.#inboxes = new Inboxes(database);
    this.#deleter = new MessageDeleter(database);
    this.#dataVersion = this.#statements.dataVersion.get()?.data_version;
    this.#look = this.#clock.look();
  }

  /** Messages that wait, in all inboxes; NaN until they are counted. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Writes a group; when this returns, what succeeded is on the disk.
   *
   * @returns how each of them ended, in their order
   */
  write(group: readonly Job[]): Outcome[] {
    this.#room?.before(group.reduce((sum, job) => sum + sizeOf(job), 0));
    const first = this.#tryToCommit(group);
    if (!(first instanceof StoreError)) return first;
    if (first instanceof DiskFullError) {
      this.#room?.make(group.some(({ command }) => !isNew(command)));
    }
    // Content of a large message can't be had twice.
    const final = group.some(isLarge) || first instanceof StoreBusyError ||
      first instanceof StoreBrokenError;
    if (final) {
      this.#room?.tried();
      return group.map(() => ({ error: first }));
    }
    // What fails for one must not cost the others: each gets its own try.
    return group.map((job) => {
      const alone = this.#tryToCommit([job]);
      this.#room?.tried();
      return alone instanceof StoreError
        ? { error: alone }
        : alone[0] as Outcome;
    });
  }

  #tryToCommit(group: readonly Job[]): Outcome[] | StoreError {
    if (this.#broken !== undefined) return this.#broken;
    try {
      const outcomes = this.#commit(group);
      this.#wait(true);
      this.#isFull = false;
      return outcomes;
    } catch (cause) {
      const error = storeError(cause);
      this.#isFull = error instanceof DiskFullError;
      if (error instanceof StoreBrokenError) this.#broken = error;
      // Those behind have waited as long: they get their answer at once.
      if (error instanceof StoreBusyError) this.#wait(false);
      return error;
    }
  }

  #wait(wait: boolean): void {
    if (wait === this.#waits) return;
    this.#waits = wait;
    waitForOthers(this.#database, wait);
  }

  #commit(group: readonly Job[]): Outcome[] {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      this.#noticeOthers();
      const { known, ...look } = this.#clock.look();
      this.#keepTime(look);
      const outcomes = group.map((job) => ({ value: this.#execute(job) }));
      this.#database.exec("COMMIT");
      known();
      return outcomes;
    } catch (error) {
      this.#inboxes.forget();
      this.#waiting = NaN;
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Somebody who looks after the store may have changed what is remembered. */
  #noticeOthers(): void {
    const version = this.#statements.dataVersion.get()?.data_version;
    if (version === this.#dataVersion) return;
    this.#dataVersion = version;
    this.#inboxes.forget();
    this.#waiting = NaN;
    this.#othersWrote();
  }

  /** What this process took in keeps its age when the clock is set. */
  #keepTime(look: ClockLook): void {
    this.#look = look;
    const isSet = look.step !== 0;
    // To move all of them takes room in the log. Without it they are kept for longer.
    if (isSet && this.#isFull) this.#olderRow = Infinity;
    if (this.#olderRow > 0) {
      // Rows begin anew once there are none.
      const last = this.#statements.lastRow.get()?.row ?? 0;
      this.#olderRow = Math.min(this.#olderRow, last);
    }
    if (isSet && !this.#isFull) {
      this.#statements.moveArrivals.run(look.step, this.#olderRow);
    }
  }

  #execute({ command, content }: Job): number {
    switch (command.kind) {
      case "register":
        return this.#register(command);
      case "send":
        return this.#send(command, content);
      case "remove":
        return this.#remove(command);
      case "seen":
        for (const { position, at } of command.visits) {
          this.#statements.updateSeen.run(new Date(at).toISOString(), position);
        }
        return 0;
      case "purge":
        return this.#purge(command);
      case "ping":
        return 0;
      case "count":
        if (Number.isNaN(this.#waiting)) {
          this.#waiting = this.#statements.count.get()?.waiting ?? 0;
        }
        return 0;
    }
  }

  #register({ client, at }: Extract<Command, { kind: "register" }>): number {
    if (this.#statements.clientByName.get(client.name) !== undefined) return 0;
    this.#insertClient({
      ...client,
      lastSeen: new Date(at).toISOString(),
      lastMessage: 0,
    });
    return 1;
  }

  /** @returns the message's id, or the number of a refusal */
  #send(
    { message, size, quota }: Extract<Command, { kind: "send" }>,
    content: Job["content"],
  ): number {
    const id = this.#inboxes.admit(message.recipient, size, quota);
    if (id < 0) return id;
    const first = Math.min(size, PART_SIZE);
    this.#statements.insertMessage.run(
      id,
      message.recipient,
      message.sender,
      message.type,
      content(first),
      size - first,
      this.#look.now,
    );
    for (let at = first, part = 1; at < size; at += PART_SIZE, part++) {
      this.#statements.insertPart.run(
        message.recipient,
        id,
        part,
        content(Math.min(PART_SIZE, size - at)),
      );
    }
    this.#waiting++;
    return id;
  }

  #remove(
    { recipient, runs, bytes }: Extract<Command, { kind: "remove" }>,
  ): number {
    const mayHaveParts = bytes === undefined || bytes > PART_SIZE;
    let removed = 0;
    for (const [first, last] of runs) {
      removed += this.#statements.remove.run(recipient, first, last);
      if (mayHaveParts) {
        this.#statements.removeParts.run(recipient, first, last);
      }
    }
    this.#waiting -= removed;
    const highest = runs.at(-1)?.[1] ?? 0;
    this.#statements.raiseLastMessage.run(highest, recipient);
    const all = removed === countIds(runs);
    this.#inboxes.removed(recipient, removed, all ? bytes : undefined);
    return removed;
  }

  #purge(
    { age, most }: Extract<Command, { kind: "purge" }>,
  ): number {
    const { now, earliest } = this.#look;
    // What came in before this process began may have by any of its clock's settings.
    const older = { row: this.#olderRow, before: earliest - age };
    const found = this.#deleter.arrivedBefore(now - age, most, older);
    for (const { recipient, messages, bytes } of this.#deleter.delete(found)) {
      this.#inboxes.removed(recipient, messages, bytes);
    }
    this.#waiting -= found.length;
    return found.length;
  }
}

/** Whether it needs more pages. */
function isNew({ kind }: Command): boolean {
  return kind === "send" || kind === "register";
}

/** Bytes of a message's content. */
function sizeOf({ command }: Pick<Job, "command">): number {
  return command.kind === "send" ? command.size : 0;
}

/** Whether it is written as it comes, which can be done only once and alone. */
export function isLarge(job: Pick<Job, "command">): boolean {
  return sizeOf(job) > PART_SIZE;
}

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement => database.prepare(sql);
  const count = "SELECT count(*) AS waiting FROM messages";
  return {
    dataVersion: database.prepare<{ data_version: number }>(
      "PRAGMA data_version",
    ),
    clientByName: prepare("SELECT 1 FROM accounts WHERE UserName = ?"),
    updateSeen: prepare("UPDATE activity SET LastSeen = ? WHERE Position = ?"),
    insertMessage: prepare(
      "INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Rest, Arrived) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    insertPart: prepare(
      "INSERT INTO parts (ToClient, ID, Part, Content) VALUES (?, ?, ?, ?)",
    ),
    remove: prepare(
      "DELETE FROM messages WHERE ToClient = ? AND ID BETWEEN ? AND ?",
    ),
    removeParts: prepare(
      "DELETE FROM parts WHERE ToClient = ? AND ID BETWEEN ? AND ?",
    ),
    raiseLastMessage: prepare(RAISE_LAST_MESSAGE),
    lastRow: database.prepare<{ row: number | null }>(
      "SELECT max(rowid) AS row FROM messages",
    ),
    moveArrivals: prepare(
      "UPDATE messages SET Arrived = Arrived + ? WHERE rowid > ?",
    ),
    count: database.prepare<{ waiting: number }>(count),
  };
}
