/**
 * Writes commands into the database, as many in one transaction as have
 * arrived: the disk's sync is what costs, and a group shares it.
 *
 * @module
 */

import type { Database, Statement } from "@db/sqlite";
import type { Command, Outcome } from "./commands.ts";
import { storeError } from "./damage.ts";
import { Inboxes } from "./inboxes.ts";
import { clientInserter, PART_SIZE, RAISE_LAST_MESSAGE } from "./schema.ts";
import type { TakenMessage } from "./store.ts";

/** A command, and how to get at the bytes of a message's content. */
export interface Job {
  /** What to write. */
  command: Exclude<Command, { kind: "close" }>;
  /** The next bytes of a message's content; a job is tried again only where they can be had again. */
  content: (size: number) => Uint8Array;
}

/** Writes groups of commands, each in a transaction. */
export class GroupWriter {
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #insertClient: ReturnType<typeof clientInserter>;
  readonly #inboxes: Inboxes;
  readonly #makeRoom: () => void;

  /**
   * The database has its tables.
   *
   * @param makeRoom gives back what room on the disk there is to be had
   */
  constructor(database: Database, makeRoom: () => void = () => {}) {
    this.#database = database;
    this.#makeRoom = makeRoom;
    this.#statements = prepareStatements(database);
    this.#insertClient = clientInserter(database);
    this.#inboxes = new Inboxes(database);
  }

  /**
   * Writes a group; when this returns, what succeeded is on the disk.
   *
   * @returns how each of them ended, in their order
   */
  write(group: readonly Job[]): Outcome[] {
    // It can't be had twice.
    const large = group.some(isLarge);
    if (large) this.#makeRoom();
    try {
      return this.#commit(group);
    } catch (error) {
      if (large) return [{ error: storeError(error) }];
      this.#makeRoom();
      // What fails for one must not cost the others: each gets its own try.
      return group.map((job) => this.#writeAlone(job));
    }
  }

  #writeAlone(job: Job): Outcome {
    try {
      return this.#commit([job])[0] as Outcome;
    } catch (error) {
      return { error: storeError(error) };
    }
  }

  #commit(group: readonly Job[]): Outcome[] {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const outcomes = group.map((job) => ({ value: this.#execute(job) }));
      this.#database.exec("COMMIT");
      return outcomes;
    } catch (error) {
      this.#inboxes.forget();
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #execute({ command, content }: Job): number {
    switch (command.kind) {
      case "register":
        return this.#register(command);
      case "send":
        return this.#send(command, content);
      case "remove":
        return this.#remove(command.recipient, command.messages);
      case "seen":
        for (const { position, at } of command.visits) {
          this.#statements.updateSeen.run(new Date(at).toISOString(), position);
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

  /** @returns the message's id, or 0 where it isn't taken */
  #send(
    { message, size, quota }: Extract<Command, { kind: "send" }>,
    content: Job["content"],
  ): number {
    const id = this.#inboxes.admit(message.recipient, size, quota);
    if (id === 0) return 0;
    const first = Math.min(size, PART_SIZE);
    this.#statements.insertMessage.run(
      id,
      message.recipient,
      message.sender,
      message.type,
      content(first),
      size - first,
    );
    for (let at = first, part = 1; at < size; at += PART_SIZE, part++) {
      this.#statements.insertPart.run(
        message.recipient,
        id,
        part,
        content(Math.min(PART_SIZE, size - at)),
      );
    }
    return id;
  }

  #remove(recipient: Uint8Array, messages: readonly TakenMessage[]): number {
    let removed = 0;
    for (const [first, last] of runs(messages)) {
      removed += this.#statements.remove.run(recipient, first, last);
    }
    for (const { id, size } of messages) {
      if (size > PART_SIZE) this.#statements.removeParts.run(recipient, id);
    }
    const highest = messages.reduce((max, { id }) => Math.max(max, id), 0);
    this.#statements.raiseLastMessage.run(highest, recipient);
    this.#inboxes.removed(recipient, messages, removed);
    return removed;
  }
}

/** Whether it is written as it comes, which can be done only once and alone. */
export function isLarge({ command }: Pick<Job, "command">): boolean {
  return command.kind === "send" && command.size > PART_SIZE;
}

/** First and last of each run of ids without a gap: no other id lies between. */
function* runs(messages: readonly TakenMessage[]): Generator<[number, number]> {
  const ids = messages.map(({ id }) => id as number).sort((a, b) => a - b);
  let first = ids[0];
  for (let i = 0; i < ids.length; i++) {
    const last = ids[i] ?? 0;
    if (ids[i + 1] === last + 1) continue;
    yield [first ?? last, last];
    first = ids[i + 1];
  }
}

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement => database.prepare(sql);
  return {
    clientByName: prepare("SELECT 1 FROM accounts WHERE UserName = ?"),
    updateSeen: prepare("UPDATE activity SET LastSeen = ? WHERE Position = ?"),
    insertMessage: prepare(
      "INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Rest) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    insertPart: prepare(
      "INSERT INTO parts (ToClient, ID, Part, Content) VALUES (?, ?, ?, ?)",
    ),
    remove: prepare(
      "DELETE FROM messages WHERE ToClient = ? AND ID BETWEEN ? AND ?",
    ),
    removeParts: prepare("DELETE FROM parts WHERE ToClient = ? AND ID = ?"),
    raiseLastMessage: prepare(RAISE_LAST_MESSAGE),
  };
}
