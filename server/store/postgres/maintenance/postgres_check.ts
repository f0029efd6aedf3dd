/**
 * Looks for what doesn't fit together between the tables of a PostgreSQL
 * database. That its files are whole is the database's own affair.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  MAX_MESSAGE_ID,
  PUBLIC_KEY_SIZE,
} from "../../../../shared/wire/protocol.ts";
import { formatThings } from "../../../../shared/cli/figures.ts";
import { RESTART_IDS } from "../../admin_store.ts";
import type { Query, Statement } from "../connection/database.ts";
import { inSlice, type KeyedTable, slicesOf } from "../key_slices.ts";

/** A row that breaks it, as a sentence after their number, and what to do about it. */
interface Rule {
  thing: string;
  what: string;
  advice: string;
  /** SQL that holds for such a row. */
  where: string;
}

const RESTORE = "restore a backup into a new database";
const BY_HAND = (sql: string) =>
  `${RESTORE}, or stop the relays and run psql URL -c "${sql}"`;

const NO_USER =
  "NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.ID = activity.ID)";
const NO_RECIPIENT =
  "NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.ID = messages.ToClient)";
const NO_MESSAGE =
  "NOT EXISTS (SELECT 1 FROM messages WHERE messages.ToClient = parts.ToClient AND messages.ID = parts.ID AND Rest > 0)";
const HIGHEST =
  "(SELECT max(messages.ID) FROM messages WHERE ToClient = activity.ID)";
const WAITING_BYTES =
  "(SELECT sum(octet_length(Content) + Rest) FROM messages WHERE ToClient = activity.ID)";

/** What must hold, by the table whose rows are looked through. */
const rules: Readonly<Record<KeyedTable, readonly Rule[]>> = {
  accounts: [
    {
      thing: "user",
      what: "without a row in activity",
      advice: RESTORE,
      where:
        "NOT EXISTS (SELECT 1 FROM activity WHERE activity.ID = accounts.ID)",
    },
    {
      thing: "user",
      what:
        `with an id or a key that isn't ${CLIENT_ID_SIZE} or ${PUBLIC_KEY_SIZE} bytes`,
      advice: RESTORE,
      where:
        `octet_length(ID) <> ${CLIENT_ID_SIZE} OR octet_length(PublicKey) <> ${PUBLIC_KEY_SIZE}`,
    },
  ],
  activity: [
    {
      thing: "row",
      what: "in activity without a user",
      advice: BY_HAND(`DELETE FROM activity WHERE ${NO_USER}`),
      where: NO_USER,
    },
    {
      thing: "user",
      what: `with a last message that isn't from 0 to ${MAX_MESSAGE_ID}`,
      advice: RESTORE,
      where: `LastMessage NOT BETWEEN 0 AND ${MAX_MESSAGE_ID}`,
    },
    {
      thing: "user",
      what: "whose inbox has used up its ids and takes no message",
      advice: RESTART_IDS,
      where: `LastMessage >= ${MAX_MESSAGE_ID}`,
    },
    {
      thing: "user",
      what: "for whom messages wait with higher ids than its last message's",
      advice: BY_HAND(
        `UPDATE activity SET LastMessage = greatest(LastMessage, ${HIGHEST})`,
      ),
      where: `LastMessage < ${HIGHEST}`,
    },
    {
      thing: "user",
      what: "for whom more bytes wait than ever came in",
      advice: BY_HAND(
        `UPDATE activity SET TotalBytes = greatest(TotalBytes, ${WAITING_BYTES})`,
      ),
      where: `TotalBytes < ${WAITING_BYTES}`,
    },
  ],
  messages: [
    {
      thing: "message",
      what: "to nobody who is registered",
      advice: BY_HAND(`DELETE FROM messages WHERE ${NO_RECIPIENT}`),
      where: NO_RECIPIENT,
    },
    {
      thing: "message",
      what: `with an id that isn't from 1 to ${MAX_MESSAGE_ID}`,
      advice: RESTORE,
      where: `ID NOT BETWEEN 1 AND ${MAX_MESSAGE_ID}`,
    },
    {
      thing: "message",
      what: "with more or less in its parts than it says",
      advice: RESTORE,
      // Parts of one that says it has none are found as parts of no message.
      where: `Rest <> 0 AND Rest <>
        (SELECT coalesce(sum(octet_length(parts.Content)), 0) FROM parts
          WHERE parts.ToClient = messages.ToClient AND parts.ID = messages.ID)`,
    },
  ],
  parts: [
    {
      thing: "part",
      what: "of no message",
      advice: BY_HAND(`DELETE FROM parts WHERE ${NO_MESSAGE}`),
      where: NO_MESSAGE,
    },
  ],
};

/** Rows that one statement looks at; with each user's go all that waits for it. */
const sliceSizes: Readonly<Record<KeyedTable, number>> = {
  accounts: 10_000,
  activity: 10,
  messages: 10_000,
  parts: 10_000,
};

/** Findings, a sentence each; none where all is well. */
export async function findFaults(query: Query): Promise<string[]> {
  const findings: string[] = [];
  for (const table of Object.keys(rules) as KeyedTable[]) {
    findings.push(...await lookThrough(query, table));
  }
  return findings;
}

async function lookThrough(
  query: Query,
  table: KeyedTable,
): Promise<string[]> {
  const statement: Statement = {
    name: `check-${table}`,
    text: `SELECT ${
      rules[table].map(({ where }) => `count(*) FILTER (WHERE ${where})`)
    } FROM ${table} WHERE ${inSlice(table)}`,
  };
  let counts = rules[table].map(() => 0);
  for await (const slice of slicesOf(query, table, sliceSizes[table])) {
    const [row] = await query<number[]>(statement, slice);
    counts = counts.map((count, i) => count + (row?.[i] ?? 0));
  }
  return rules[table].flatMap(({ thing, what, advice }, i) => {
    const count = counts[i] ?? 0;
    return count === 0
      ? []
      : [`${formatThings(count, thing)} ${what}: ${advice}`];
  });
}
