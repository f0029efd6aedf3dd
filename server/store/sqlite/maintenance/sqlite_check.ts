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
import { DAMAGE_ADVICE } from "../database_errors.ts";
import { firstValue } from "../schema.ts";
import { describeFault, type Rule } from "../../faults.ts";
import { USED_UP } from "./inbox_ids.ts";

const ADVICE = {
  restore: "restore a backup",
  run: "stop the relay and run sqlite3 FILE",
};

/** What must hold between the tables. */
const rules: readonly Rule[] = [
  {
    fault: "noActivity",
    table: "accounts",
    where: "Position NOT IN (SELECT Position FROM activity)",
  },
  {
    fault: "noUser",
    table: "activity",
    where: "Position NOT IN (SELECT Position FROM accounts)",
    repair: "delete",
  },
  {
    fault: "wrongSize",
    table: "accounts",
    where: `typeof(ID) <> 'blob' OR length(ID) <> ${CLIENT_ID_SIZE}
        OR typeof(PublicKey) <> 'blob' OR length(PublicKey) <> ${PUBLIC_KEY_SIZE}`,
  },
  {
    fault: "noRecipient",
    table: "messages",
    where: "ToClient NOT IN (SELECT ID FROM accounts)",
    repair: "delete",
  },
  {
    fault: "wrongId",
    table: "messages",
    where: `typeof(ID) <> 'integer' OR ID NOT BETWEEN 1 AND ${MAX_MESSAGE_ID}`,
  },
  {
    fault: "wrongLast",
    table: "activity",
    where: `LastMessage NOT BETWEEN 0 AND ${MAX_MESSAGE_ID}`,
  },
  {
    fault: "usedUp",
    table: "accounts JOIN activity USING (Position)",
    where: USED_UP,
  },
  {
    fault: "wrongRest",
    table: "messages",
    where: `Rest <> (SELECT coalesce(sum(length(parts.Content)), 0) FROM parts
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

/** Findings, a sentence each; none where all is well. */
export function findFaults(database: Database): string[] {
  // Each query for itself: together they would hold the relay's log for longer.
  const damage = database.prepare<{ integrity_check: string }>(
    "PRAGMA integrity_check",
  ).all().map((row) => row.integrity_check.replaceAll(/\s+/g, " "));
  if (damage.join() !== "ok") {
    return damage.map((what) => `damaged (${what}): ${DAMAGE_ADVICE}`);
  }
  return rules.flatMap((rule) => {
    const sql = `SELECT count(*) FROM ${rule.table} WHERE ${rule.where}`;
    return describeFault(rule, Number(firstValue(database, sql)), ADVICE);
  });
}
