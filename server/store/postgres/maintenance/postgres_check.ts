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
import { describeFault, type Rule } from "../../faults.ts";
import type { Query, Statement } from "../connection/database.ts";
import { inSlice, type KeyedTable, sumOverSlices } from "../key_slices.ts";

const ADVICE = {
  restore: "restore a backup into a new database",
  run: "stop the relays and run psql URL -c",
};

const HIGHEST =
  "(SELECT max(messages.ID) FROM messages WHERE ToClient = activity.ID)";
const WAITING_BYTES =
  "(SELECT sum(octet_length(Content) + Rest) FROM messages WHERE ToClient = activity.ID)";

/** What must hold between the tables, table by table. */
const rules: readonly (Rule & { table: KeyedTable })[] = [
  {
    fault: "noActivity",
    table: "accounts",
    where:
      "NOT EXISTS (SELECT 1 FROM activity WHERE activity.ID = accounts.ID)",
  },
  {
    fault: "wrongSize",
    table: "accounts",
    where:
      `octet_length(ID) <> ${CLIENT_ID_SIZE} OR octet_length(PublicKey) <> ${PUBLIC_KEY_SIZE}`,
  },
  {
    fault: "noUser",
    table: "activity",
    where:
      "NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.ID = activity.ID)",
    repair: "delete",
  },
  {
    fault: "wrongLast",
    table: "activity",
    where: `LastMessage NOT BETWEEN 0 AND ${MAX_MESSAGE_ID}`,
  },
  {
    fault: "usedUp",
    table: "activity",
    where: `LastMessage >= ${MAX_MESSAGE_ID}`,
  },
  {
    fault: "higherIds",
    table: "activity",
    where: `LastMessage < ${HIGHEST}`,
    repair:
      `UPDATE activity SET LastMessage = greatest(LastMessage, ${HIGHEST})`,
  },
  {
    fault: "moreBytes",
    table: "activity",
    where: `TotalBytes < ${WAITING_BYTES}`,
    repair:
      `UPDATE activity SET TotalBytes = greatest(TotalBytes, ${WAITING_BYTES})`,
  },
  {
    fault: "noRecipient",
    table: "messages",
    where:
      "NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.ID = messages.ToClient)",
    repair: "delete",
  },
  {
    fault: "wrongId",
    table: "messages",
    where: `ID NOT BETWEEN 1 AND ${MAX_MESSAGE_ID}`,
  },
  {
    fault: "wrongRest",
    table: "messages",
    // Parts of one that says it has none are found as parts of no message.
    where: `Rest <> 0 AND Rest <>
        (SELECT coalesce(sum(octet_length(parts.Content)), 0) FROM parts
          WHERE parts.ToClient = messages.ToClient AND parts.ID = messages.ID)`,
  },
  {
    fault: "noMessage",
    table: "parts",
    where:
      "NOT EXISTS (SELECT 1 FROM messages WHERE messages.ToClient = parts.ToClient AND messages.ID = parts.ID AND Rest > 0)",
    repair: "delete",
  },
];

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
  for (const [table, size] of Object.entries(sliceSizes)) {
    findings.push(...await lookThrough(query, table as KeyedTable, size));
  }
  return findings;
}

async function lookThrough(
  query: Query,
  table: KeyedTable,
  size: number,
): Promise<string[]> {
  const its = rules.filter((rule) => rule.table === table);
  const statement: Statement = {
    name: `check-${table}`,
    text: `SELECT ${
      its.map(({ where }) => `count(*) FILTER (WHERE ${where})`)
    } FROM ${table} WHERE ${inSlice(table)}`,
  };
  const counts = await sumOverSlices(query, table, size, statement);
  return its.flatMap((rule, i) => describeFault(rule, counts[i] ?? 0, ADVICE));
}
