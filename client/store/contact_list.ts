/**
 * Applies a list of clients from the relay to the contacts. A list may hold
 * hundreds of thousands of clients while other programs write to the folder, so
 * only changes are written, in short transactions.
 *
 * @module
 */

import type { ClientId } from "../../shared/wire/protocol.ts";
import type { ListedClient } from "../../shared/wire/requests.ts";
import type { ContactRow } from "./contact_table.ts";
import type { StoreDatabase } from "./database.ts";

/** Rows per transaction. */
const AT_ONCE = 1000;

/** The columns of a contact that a list may change. */
interface ListedContact {
  contact: ContactRow;
  clientId: ClientId;
  name: string | undefined;
  succeeds: ContactRow | undefined;
  retired: number;
  /** Whether the user trusts its key, has a conversation with it or has set something for it, so that it keeps its name. */
  known: number;
}

const COLUMNS = `c.contact, c.clientId, c.name, c.succeeds, c.retired,
  c.publicKey IS NOT NULL OR c.sendingKey IS NOT NULL
    OR c.alias IS NOT NULL OR c.blocked = 1 OR c.muted = 1
    OR EXISTS (SELECT 1 FROM messages m WHERE m.contact = c.contact) AS known`;

/** Whether a contact `o` owns the name that it has. */
const OWNS = "o.retired = 0 AND o.succeeds IS NULL";
/** Whether an entry `l` is the first of its name. */
const FIRST =
  "l.name <> '' AND NOT EXISTS (SELECT 1 FROM temp.listing p WHERE p.name = l.name AND p.place < l.place)";

/** A list in parts. */
type Parts = AsyncIterable<readonly ListedClient[]>;

/** Fetches a list and passes it to `take`; calls it again after a broken connection. */
export type FetchList = (
  take: (parts: Parts) => Promise<string[]>,
) => Promise<string[]>;

/**
 * Applies a list, see `ContactTable.update`. The first entry of an id counts.
 *
 * @returns the names in the relay's order
 */
export async function updateContacts(
  database: StoreDatabase,
  fetch: FetchList,
): Promise<string[]> {
  try {
    const names = await fetch((parts) => fill(database, parts));
    await new Update(database).run();
    return names;
  } finally {
    database.snapshot(() => database.run(DROP_LISTING));
  }
}

const DROP_LISTING = "DROP TABLE IF EXISTS temp.listing";

/** Fills a temporary table with the list, which locks nothing; returns the names. */
async function fill(database: StoreDatabase, parts: Parts): Promise<string[]> {
  const names: string[] = [];
  database.snapshot(() => {
    database.run(DROP_LISTING);
    database.run(
      `CREATE TEMP TABLE listing (
         place INTEGER PRIMARY KEY, clientId BLOB NOT NULL UNIQUE, name TEXT NOT NULL
       )`,
    );
  });
  for await (const part of parts) {
    database.snapshot(() => {
      for (const { clientId, name } of part) {
        names.push(name);
        database.run(
          "INSERT INTO temp.listing (clientId, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
          clientId,
          name,
        );
      }
    });
  }
  database.snapshot(() =>
    database.run("CREATE INDEX temp.listedNames ON listing (name, place)")
  );
  return names;
}

/** The steps of an update. Each rereads the rows it changes, since other clients write too. */
class Update {
  readonly #database: StoreDatabase;

  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  async run(): Promise<void> {
    await this.#mark(
      0,
      "WHERE listed = 1 AND clientId NOT IN (SELECT clientId FROM temp.listing)",
    );
    await this.#addNew();
    await this.#mark(
      1,
      "JOIN temp.listing USING (clientId) WHERE listed = 0",
    );
    await this.#giveNames();
  }

  /** Sets whether some contacts are listed. */
  async #mark(listed: 0 | 1, which: string): Promise<void> {
    const found = this.#database.rows<{ contact: ContactRow }>(
      `SELECT contact FROM contacts ${which}`,
    );
    await this.#write(found, ({ contact }) =>
      this.#database.run(
        "UPDATE contacts SET listed = ? WHERE contact = ?",
        listed,
        contact,
      ));
  }

  /** Inserts clients with unknown ids, with their names where these are free. */
  async #addNew(): Promise<void> {
    const found = this.#database.rows<{ place: number }>(
      `SELECT place FROM temp.listing l
       WHERE NOT EXISTS (SELECT 1 FROM contacts c WHERE c.clientId = l.clientId)`,
    );
    await this.#write(found, ({ place }) =>
      this.#database.run(
        `INSERT INTO contacts (clientId, listed, name)
         SELECT clientId, 1, CASE WHEN ${FIRST} AND NOT EXISTS (
             SELECT 1 FROM contacts o WHERE o.name = l.name AND ${OWNS}
           ) THEN name END
         FROM temp.listing l WHERE place = ? ON CONFLICT DO NOTHING`,
        place,
      ));
  }

  /** Assigns each name whose owner isn't listed under it, or that is claimed. */
  async #giveNames(): Promise<void> {
    const found = this.#database.rows<{ name: string }>(
      `SELECT l.name FROM temp.listing l
       WHERE ${FIRST} AND NOT EXISTS (
         SELECT 1 FROM contacts o JOIN temp.listing x ON x.clientId = o.clientId
         WHERE o.name = l.name AND ${OWNS} AND x.name = l.name AND NOT EXISTS (
           SELECT 1 FROM contacts k WHERE k.succeeds = o.contact AND k.retired = 0
         )
       )`,
    ).filter(({ name }) => this.#changeOf(name) !== undefined);
    await this.#write(found, ({ name }) => this.#changeOf(name)?.());
  }

  /**
   * The change that assigns `name` to the first listed client unless another
   * contact already has it; undefined where nothing changes.
   */
  #changeOf(name: string): (() => void) | undefined {
    const owner = this.#row("o.name = ? AND " + OWNS, name);
    const isOwners = owner !== undefined && this.#isListed(owner, name);
    if (isOwners) {
      if (!this.#isClaimed(owner)) return undefined;
      return () => dropClaims(this.#database, owner.contact);
    }
    const first = this.#row(
      "o.clientId = (SELECT clientId FROM temp.listing WHERE name = ? ORDER BY place LIMIT 1)",
      name,
    );
    if (first === undefined) return undefined;
    const hasOther = first.known === 1 && first.name !== undefined &&
      first.name !== name;
    if (hasOther) return undefined;
    const succeeds = owner?.known === 1 ? owner.contact : undefined;
    const isDone = first.name === name && first.succeeds === succeeds &&
      first.retired === 0;
    if (isDone) return undefined;
    return () => {
      if (succeeds !== undefined) dropClaims(this.#database, succeeds);
      else if (owner !== undefined) {
        this.#rename(owner, undefined, owner.succeeds);
      }
      this.#rename(first, name, succeeds);
    };
  }

  #rename(
    { contact }: ListedContact,
    name: string | undefined,
    succeeds: ContactRow | undefined,
  ): void {
    this.#database.run(
      "UPDATE contacts SET name = ?, succeeds = ?, retired = 0 WHERE contact = ?",
      name,
      succeeds,
      contact,
    );
  }

  #row(condition: string, name: string): ListedContact | undefined {
    return this.#database.row<ListedContact>(
      `SELECT ${COLUMNS} FROM contacts c WHERE ${
        condition.replaceAll("o.", "c.")
      }`,
      name,
    );
  }

  #isListed({ clientId }: ListedContact, name: string): boolean {
    return this.#database.row(
      "SELECT 1 FROM temp.listing WHERE clientId = ? AND name = ?",
      clientId,
      name,
    ) !== undefined;
  }

  #isClaimed({ contact }: ListedContact): boolean {
    return this.#database.row(
      "SELECT 1 FROM contacts WHERE succeeds = ? AND retired = 0",
      contact,
    ) !== undefined;
  }

  /** Writes in short transactions, so that other clients don't wait long. */
  async #write<T>(
    found: readonly T[],
    write: (each: T) => unknown,
  ): Promise<void> {
    for (let at = 0; at < found.length; at += AT_ONCE) {
      const begin = performance.now();
      // The next list repeats changes lost in a power failure.
      this.#database.writeSoon(() =>
        found.slice(at, at + AT_ONCE).forEach(write)
      );
      // Leaves the store unlocked for as long as it was locked, for clients that poll.
      await pause(performance.now() - begin);
    }
  }
}

/** Ends the claims to a contact's name; keeps the conversations. */
export function dropClaims(database: StoreDatabase, row: ContactRow): void {
  database.run(
    "UPDATE contacts SET retired = 1, offeredKey = NULL, toldKey = NULL WHERE succeeds = ? AND retired = 0",
    row,
  );
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
