import type { Database } from "../connection/database.ts";
import { inSlice, slicesOf } from "../key_slices.ts";
import { raiseIds } from "../inbox_ids.ts";
import { StoreError } from "../../store.ts";
import { type StoreRow, tableNames } from "../../store_rows.ts";
import { countsOf, RESTART_IDS, type StoreCounts } from "../../admin_store.ts";
import { findFaults } from "./postgres_check.ts";
import { RAISE_USERS_VERSION } from "../schema.ts";
import { insertRows } from "./row_inserter.ts";
import { type Query, sql } from "../connection/statement.ts";

/** Users whose inboxes are counted by one statement. */
const SLICE = 10;
/** Findings that are told. */
const MOST_TOLD = 3;

/** Keeps other connections from reading or writing what isn't whole yet. */
const LOCK = sql(
  `LOCK TABLE ${tableNames.toSorted()} IN ACCESS EXCLUSIVE MODE`,
);

const CONNECTED = sql(`SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND application_name = current_setting('application_name')`);

// The database itself looks at tables only once they are committed, and knows
// nothing of them until then.
const ANALYZE = sql(`ANALYZE ${tableNames}`);

const ANYTHING = sql(
  `SELECT 1 WHERE ${
    tableNames.map((table) => `EXISTS (SELECT 1 FROM ${table})`).join(" OR ")
  }`,
);

// What a SQLite file has as the last message is the last that is gone.
const RAISE = sql(
  `UPDATE activity SET LastMessage = greatest(LastMessage, last),
      TotalBytes = bytes
    FROM (SELECT ToClient, max(ID) AS last,
        sum(octet_length(Content) + Rest)::bigint AS bytes
      FROM messages WHERE ToClient IN
        (SELECT ID FROM activity WHERE ${inSlice("activity")})
      GROUP BY ToClient) AS waiting
    WHERE activity.ID = waiting.ToClient`,
);

// As LastMessage; a file has no totals of mailboxes.
const RAISE_SEQS = sql(
  `UPDATE devices SET LastSeq = greatest(LastSeq, last), Waiting = messages,
      WaitingBytes = bytes
    FROM (SELECT Device, max(Seq) AS last, count(*) AS messages,
        sum(octet_length(Content) + Rest)::bigint AS bytes
      FROM mail WHERE Device IN
        (SELECT Device FROM devices WHERE ${inSlice("devices")})
      GROUP BY Device) AS waiting
    WHERE devices.Device = waiting.Device`,
);

/**
 * Fills an empty PostgreSQL database with what another store holds, all of it
 * or nothing.
 *
 * @throws {StoreError} if a relay uses it, it isn't empty, or the rows don't
 * fit together
 */
export async function fillDatabase(
  database: Database,
  rows: AsyncIterable<StoreRow>,
): Promise<StoreCounts> {
  await requireAlone(database.query);
  let isBegun = false;
  return await database.transaction(async (query) => {
    await query(LOCK);
    // A relay may have come just before.
    await requireEmpty(query);
    // With all locks taken nothing can ask for a second try, with half the rows.
    if (isBegun) throw new StoreError("it was interrupted: try again");
    isBegun = true;
    const counts = await insertRows(query, rows);
    await query(ANALYZE);
    for await (const slice of slicesOf(query, "activity", SLICE)) {
      await query(RAISE, slice);
    }
    for await (const slice of slicesOf(query, "devices", SLICE)) {
      await query(RAISE_SEQS, slice);
    }
    // Ids may have been given out since the backup.
    await raiseIds(query);
    await requireSound(query);
    await query(RAISE_USERS_VERSION);
    return countsOf(counts);
  });
}

/**
 * An idle relay may have no connection. That does no harm: it would wait for
 * the locks.
 */
async function requireAlone(query: Query): Promise<void> {
  const [row] = await query<[number]>(CONNECTED);
  if (row?.[0] === 0) return;
  throw new StoreError(
    "a relay, or another admin program, is connected to it: stop it first",
  );
}

async function requireEmpty(query: Query): Promise<void> {
  if ((await query(ANYTHING)).length === 0) return;
  throw new StoreError(
    "it has users or messages already, which stay as they are: make a new database (createdb), and restore into that",
  );
}

async function requireSound(query: Query): Promise<void> {
  // An inbox without a further id is no reason to lose all others.
  const faults = (await findFaults(query))
    .filter((fault) => !fault.endsWith(RESTART_IDS));
  if (faults.length === 0) return;
  const told = faults.slice(0, MOST_TOLD).map((fault) => fault.split(": ")[0]);
  throw new StoreError(
    `what is restored doesn't fit together (${
      told.join("; ")
    }): look at it with check, or restore another backup`,
  );
}
