/**
 * Looks for what is wrong in a SQLite store: in its file, and between its
 * tables.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import {
  CLIENT_ID_SIZE,
  MAX_MESSAGE_ID,
  PUBLIC_KEY_SIZE,
} from "../../../../shared/wire/protocol.ts";
import { formatThings } from "../../../../shared/cli/figures.ts";
import { DAMAGE_ADVICE } from "../database_errors.ts";
import { firstValue } from "../schema.ts";
import { RESTART_IDS } from "../../admin_store.ts";
import { USED_UP } from "./inbox_ids.ts";

/** What a query counts, as a sentence after the number, and what to do about it. */
interface Rule {
  thing: string;
  what: string;
  advice: string;
  sql: string;
}

const RESTORE = "restore a backup";
const BY_HAND = (sql: string) =>
  `restore a backup, or stop the relay and run sqlite3 FILE "${sql}"`;

const NO_RECIPIENT = "ToClient NOT IN (SELECT ID FROM accounts)";
const NO_MESSAGE =
  "NOT EXISTS (SELECT 1 FROM messages WHERE messages.ToClient = parts.ToClient AND messages.ID = parts.ID AND Rest > 0)";

/** What must hold between the tables. */
const rules: readonly Rule[] = [
  {
    thing: "user",
    what: "without a row in activity",
    advice: RESTORE,
    sql:
      "SELECT count(*) FROM accounts WHERE Position NOT IN (SELECT Position FROM activity)",
  },
  {
    thing: "row",
    what: "in activity without a user",
    advice: BY_HAND(
      "DELETE FROM activity WHERE Position NOT IN (SELECT Position FROM accounts)",
    ),
    sql:
      "SELECT count(*) FROM activity WHERE Position NOT IN (SELECT Position FROM accounts)",
  },
  {
    thing: "user",
    what:
      `with an id or a key that isn't ${CLIENT_ID_SIZE} or ${PUBLIC_KEY_SIZE} bytes`,
    advice: RESTORE,
    sql: `SELECT count(*) FROM accounts
      WHERE typeof(ID) <> 'blob' OR length(ID) <> ${CLIENT_ID_SIZE}
        OR typeof(PublicKey) <> 'blob' OR length(PublicKey) <> ${PUBLIC_KEY_SIZE}`,
  },
  {
    thing: "message",
    what: "to nobody who is registered",
    advice: BY_HAND(`DELETE FROM messages WHERE ${NO_RECIPIENT}`),
    sql: `SELECT count(*) FROM messages WHERE ${NO_RECIPIENT}`,
  },
  {
    thing: "message",
    what: `with an id that isn't from 1 to ${MAX_MESSAGE_ID}`,
    advice: RESTORE,
    sql:
      `SELECT count(*) FROM messages WHERE typeof(ID) <> 'integer' OR ID NOT BETWEEN 1 AND ${MAX_MESSAGE_ID}`,
  },
  {
    thing: "user",
    what: `with a last message that isn't from 0 to ${MAX_MESSAGE_ID}`,
    advice: RESTORE,
    sql:
      `SELECT count(*) FROM activity WHERE LastMessage NOT BETWEEN 0 AND ${MAX_MESSAGE_ID}`,
  },
  {
    thing: "user",
    what: "whose inbox has used up its ids and takes no message",
    advice: RESTART_IDS,
    sql:
      `SELECT count(*) FROM accounts JOIN activity USING (Position) WHERE ${USED_UP}`,
  },
  {
    thing: "message",
    what: "with more or less in its parts than it says",
    advice: RESTORE,
    sql: `SELECT count(*) FROM messages WHERE Rest <>
      (SELECT coalesce(sum(length(parts.Content)), 0) FROM parts
        WHERE parts.ToClient = messages.ToClient AND parts.ID = messages.ID)`,
  },
  {
    thing: "part",
    what: "of no message",
    advice: BY_HAND(`DELETE FROM parts WHERE ${NO_MESSAGE}`),
    sql: `SELECT count(*) FROM parts WHERE ${NO_MESSAGE}`,
  },
];

/** Findings, a sentence each; none where all is well. */
export function findFaults(database: Database): string[] {
  // Each query for itself: together they would hold the relay's log for longer.
  const damage = database.prepare<{ integrity_check: string }>(
    "PRAGMA integrity_check",
  ).all().map((row) => row.integrity_check.replaceAll(/\s+/g, " "));
  if (damage.join() !== "ok") {
    return damage.map((what) => `damaged (${what}): ${DAMAGE_ADVICE}`);
  }
  return rules.flatMap(({ thing, what, advice, sql }) => {
    const count = Number(firstValue(database, sql));
    if (count === 0) return [];
    return [`${formatThings(count, thing)} ${what}: ${advice}`];
  });
}
