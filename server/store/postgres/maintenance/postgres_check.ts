import { MAX_MESSAGE_ID } from "../../../../shared/wire/protocol.ts";
import { describeFault, type Rule, rulesOf } from "../../faults.ts";
import { secureRulesOf } from "../../secure_faults.ts";
import { inSlice, type KeyedTable, sumOverSlices } from "../key_slices.ts";
import { type Query, sql } from "../connection/statement.ts";

const ADVICE = {
  restore: "restore a backup into a new database",
  run: "stop the relays and run psql URL -c",
};

const HIGHEST =
  "(SELECT max(messages.ID) FROM messages WHERE ToClient = activity.ID)";
const WAITING_BYTES =
  "(SELECT sum(octet_length(Content) + Rest) FROM messages WHERE ToClient = activity.ID)";

const MAILBOX = "FROM mail WHERE mail.Device = devices.Device";
const TOTALS = `(SELECT count(*) ${MAILBOX}) AND WaitingBytes =
  (SELECT coalesce(sum(octet_length(Content) + Rest), 0) ${MAILBOX})`;

const ruleSql = {
  // What activity has of a secure account is in profiles.
  activity: "(SELECT ID FROM activity UNION ALL SELECT ID FROM profiles)",
  key: "ID",
  size: "octet_length",
  isnt: () => "",
  usedUp: {
    table: "activity",
    where: `LastMessage >= ${MAX_MESSAGE_ID}`,
  },
} as const;

const rules: readonly Rule<KeyedTable>[] = [
  ...rulesOf<KeyedTable>(ruleSql),
  ...secureRulesOf(ruleSql),
  {
    table: "activity",
    where: "EXISTS (SELECT 1 FROM profiles WHERE profiles.ID = activity.ID)",
    thing: "row",
    what: "in activity of a secure account",
    repair: "delete",
  },
  {
    table: "devices",
    where: `LastSeq < (SELECT max(Seq) ${MAILBOX})`,
    thing: "device",
    what: "for which messages wait behind its last position",
    repair: `UPDATE devices SET LastSeq =
      greatest(LastSeq, (SELECT max(Seq) ${MAILBOX}))`,
  },
  {
    table: "devices",
    where: `NOT (Waiting = ${TOTALS})`,
    thing: "device",
    what: "with other totals than its mailbox",
    repair: `UPDATE devices SET Waiting = (SELECT count(*) ${MAILBOX}),
      WaitingBytes = (SELECT coalesce(sum(octet_length(Content) + Rest), 0) ${MAILBOX})`,
  },
  {
    table: "activity",
    where: `LastMessage < ${HIGHEST}`,
    thing: "user",
    what: "for whom messages wait with higher ids than its last message's",
    repair:
      `UPDATE activity SET LastMessage = greatest(LastMessage, ${HIGHEST})`,
  },
  {
    table: "activity",
    where: `TotalBytes < ${WAITING_BYTES}`,
    thing: "user",
    what: "for whom more bytes wait than ever came in",
    repair:
      `UPDATE activity SET TotalBytes = greatest(TotalBytes, ${WAITING_BYTES})`,
  },
];

/** Rows that one statement looks at; with each user's go all that waits for it. */
const sliceSizes: Readonly<Record<KeyedTable, number>> = {
  accounts: 10_000,
  activity: 10,
  messages: 10_000,
  parts: 10_000,
  profiles: 10_000,
  devices: 10,
  packages: 10_000,
  taken: 10_000,
  mail: 10_000,
  mail_parts: 10_000,
};

/**
 * Finds what doesn't fit together between the tables, a sentence for each
 * fault. That its files are whole is the database's own affair.
 */
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
  const statement = sql(
    `SELECT ${
      its.map(({ where }) => `count(*) FILTER (WHERE ${where})`)
    } FROM ${table} WHERE ${inSlice(table)}`,
  );
  const counts = await sumOverSlices(query, table, size, statement);
  return its.flatMap((rule, i) => describeFault(rule, counts[i] ?? 0, ADVICE));
}
