/**
 * Fills a relay's database before anything opens it, straight through SQLite:
 * a template, of which every contestant gets a copy, so that all start alike.
 *
 * @module
 */

import { Database, type Statement } from "@db/sqlite";
import { MessageType } from "../../../shared/wire/protocol.ts";
import {
  clientInserter,
  prepareSchema,
} from "../../../server/store/sqlite/schema.ts";
import { PUBLIC_KEY, userId, userName } from "./fixtures.ts";

/** What a template holds. */
export interface Seed {
  /** Registered users, numbered from 0. */
  users: number;
  /** Of these the first so many have messages. Default: none. */
  inboxes?: number;
  /** Messages that wait in each such inbox. */
  waiting?: number;
  /** Bytes of each message's content. */
  contentSize?: number;
}

/**
 * Makes the file into one with these users and messages; users that it has
 * stay. It is closed afterwards, with nothing left in its log.
 *
 * @param present how many users it has already
 * @throws {Error} where SQLite can't write it
 */
export function seedDatabase(path: string, seed: Seed, present = 0): void {
  const { users, inboxes = 0, waiting = 0, contentSize = 0 } = seed;
  const database = new Database(path, { int64: true });
  try {
    // A half-made template is of no use after a crash.
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("PRAGMA synchronous = OFF");
    database.exec("PRAGMA cache_size = -262144");
    prepareSchema(database, () => undefined);
    database.exec("BEGIN IMMEDIATE");
    insertUsers(database, present, users);
    const insert = prepareInsert(database);
    const content = randomContent(contentSize);
    // In turn, as mail comes in: an inbox's messages don't lie side by side.
    for (let id = 1; id <= waiting; id++) {
      for (let user = 0; user < inboxes; user++) {
        const sender = userId((user + id) % users);
        insert.run(id, userId(user), sender, MessageType.Text, content);
      }
    }
    database.exec("COMMIT");
    database.exec("PRAGMA journal_mode = WAL");
  } finally {
    database.close();
  }
}

/** What puts a message into its table: id, recipient, sender, type, content. */
export function prepareInsert(database: Database): Statement {
  return database.prepare(
    `INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Arrived)
      VALUES (?, ?, ?, ?, ?, ${Date.now()})`,
  );
}

/** Bytes that can't be compressed; 64 KiB at most. */
export function randomContent(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

function insertUsers(database: Database, from: number, to: number): void {
  const insert = clientInserter(database);
  const lastSeen = new Date().toISOString();
  for (let user = from; user < to; user++) {
    insert({
      id: userId(user),
      name: userName(user),
      publicKey: PUBLIC_KEY,
      lastSeen,
      lastMessage: 0,
    });
  }
}
