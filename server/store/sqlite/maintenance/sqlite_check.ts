import type { Database } from "@db/sqlite";
import { DAMAGE_ADVICE } from "../database_errors.ts";
import { firstValue } from "../schema.ts";
import { describeFault, type Rule, rulesOf } from "../../faults.ts";
import { secureRulesOf } from "../../secure_faults.ts";
import { USED_UP } from "./inbox_ids.ts";

const ADVICE = {
  restore: "restore a backup",
  run: "stop the relay and run sqlite3 FILE",
};

const sql = {
  key: "Position",
  size: "length",
  // Columns of SQLite hold values of any type.
  isnt: (column: string, type: string) => `typeof(${column}) <> '${type}' OR`,
  usedUp: {
    table: "accounts JOIN activity USING (Position)",
    where: USED_UP,
  },
};

const rules: readonly Rule[] = [...rulesOf(sql), ...secureRulesOf(sql)];

/**
 * Finds what is wrong in a SQLite store, in its file and between its tables; a
 * sentence for each fault.
 */
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
