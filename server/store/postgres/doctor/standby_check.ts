/**
 * Whether a database's standbys keep what is acknowledged, and what they hold
 * up. It commits nothing: a commit may wait for a standby that isn't there.
 *
 * @module
 */

import { formatBytes, formatThings } from "../../../../shared/cli/figures.ts";
import { isUnsupported } from "../connection/database_errors.ts";
import { StoreError } from "../../store.ts";
import {
  bad,
  type Finding,
  ok,
  unknown,
  warning,
} from "../../../../shared/cli/finding.ts";
import {
  type Query,
  quickSql,
  type Statement,
} from "../connection/statement.ts";

const STANDBYS = quickSql(`SELECT current_setting('synchronous_standby_names'),
      count(pid), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')),
      count(*) FILTER (WHERE pid IS NOT NULL AND sync_state IS NULL)
    FROM (SELECT 1) AS always LEFT JOIN pg_stat_replication ON true`);

const SLOTS = quickSql(`SELECT slot_name::text,
      pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
    FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL
    ORDER BY restart_lsn`);

/** What a primary knows of its standbys. */
export interface Standbys {
  /** The setting `synchronous_standby_names`. */
  names: string;
  /** Those that are connected. */
  connected: number;
  /** Those of them that commits wait for. */
  synchronous: number;
  /** Those of which this user may not see whether commits wait for them. */
  hidden: number;
}

/** Undefined where this kind of database has none. */
export async function checkStandbys(
  query: Query,
): Promise<Finding | undefined> {
  const [row] = await rowsOf<[string, number, number, number]>(query, STANDBYS);
  if (row === undefined) return;
  const [names, connected, synchronous, hidden] = row;
  return judgeStandbys({ names, connected, synchronous, hidden });
}

/** What it means to have these standbys. */
export function judgeStandbys(
  { names, connected, synchronous, hidden }: Standbys,
): Finding {
  const all = formatThings(connected, "standby", "standbys");
  if (names === "") {
    return connected === 0
      ? ok("none: what is acknowledged is on this server")
      : warning(
        `${all}, and commits wait for none (synchronous_standby_names is empty), so a failover loses what was acknowledged last`,
        "name two in synchronous_standby_names, as ANY 1 (…)",
      );
  }
  const needed = neededOf(names);
  const setting = `synchronous_standby_names = '${names}'`;
  if (hidden > 0 && connected >= needed) {
    return unknown(
      `${all} connected, and this user may not see whether commits wait for them (${setting})`,
      "GRANT pg_read_all_stats to it",
    );
  }
  if (synchronous < needed) {
    return bad(
      `commits wait for ${
        formatThings(needed, "standby", "standbys")
      } (${setting}), and ${
        synchronous === 0 ? "none" : `only ${synchronous}`
      } of them is connected, so nothing can be written`,
      "start a standby, or name one that runs",
    );
  }
  return ok(
    `${all}, commits wait for ${needed} of ${synchronous} (${setting})${
      synchronous === needed ? "; where one stops nothing can be written" : ""
    }`,
  );
}

/** Standbys that a commit waits for: `ANY 2 (a, b, c)`, or names alone for one. */
function neededOf(names: string): number {
  const [, count = "1"] = /^\s*(?:(?:ANY|FIRST)\s+)?(\d+)\s*\(/i.exec(names) ??
    [];
  return Number(count);
}

/** Undefined where no slot lacks its reader. */
export async function checkSlots(query: Query): Promise<Finding | undefined> {
  const slots = await rowsOf<[string, number]>(query, SLOTS);
  const [first] = slots;
  if (first === undefined) return;
  return warning(
    `${formatThings(slots.length, "slot")} without a reader, such as ${
      first[0]
    }, which holds ${formatBytes(first[1])} of the database's log`,
    "start its standby, or drop it (SELECT pg_drop_replication_slot(…)); max_slot_wal_keep_size limits what a slot holds",
  );
}

async function rowsOf<Row extends unknown[]>(
  query: Query,
  statement: Statement,
): Promise<Row[]> {
  try {
    return await query<Row>(statement);
  } catch (error) {
    if (error instanceof StoreError && isUnsupported(error.cause)) return [];
    throw error;
  }
}
