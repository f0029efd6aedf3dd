/**
 * Whether a relay's database can be reached and used, and what is in it.
 *
 * @module
 */

import {
  formatCount,
  formatDuration,
  formatThings,
} from "../../../../shared/cli/figures.ts";
import { Database } from "../connection/database.ts";
import { databaseError, ReadOnlyError } from "../connection/database_errors.ts";
import { formatCounts } from "../../admin_store.ts";
import { countContent } from "../content_counts.ts";
import { CONNECTIONS } from "../postgres.ts";
import { inSlice, slicesOf } from "../key_slices.ts";
import { OWN_TIME, SCHEMA_VERSION, schemaVersion } from "../schema.ts";
import { storeName } from "../connection/store_url.ts";
import type { StoreCondition } from "../../store_kind.ts";
import { checkCommit } from "./commit_check.ts";
import {
  bad,
  type Finding,
  ok,
  unknown,
  warning,
} from "../../../../shared/cli/finding.ts";
import { checkSlots, checkStandbys } from "./standby_check.ts";
import { type Query, sql } from "../connection/statement.ts";

/** Rows that one statement looks at. */
const SLICE = 20_000;
/** Milliseconds that the clocks of relay and database may differ. */
const CLOCK_TOLERANCE = 5000;

const LATEST_VISIT = sql(`SELECT max(LastSeen COLLATE "C") FROM activity
    WHERE ${inSlice("activity")} AND ${OWN_TIME}`);

/** Checks a database without changing it: see `StoreKind.doctor`. */
export async function checkDatabase(
  url: string,
  tell: (subject: string, finding: Finding) => void,
): Promise<StoreCondition> {
  const database = new Database(url, 1);
  const { query } = database;
  const findings: [subject: string, finding: Finding | undefined][] = [];
  // Relays that run on it say nothing of the port here.
  const condition: StoreCondition = { running: false };
  try {
    const server = await checkServer(database, storeName(url));
    const standbys = await checkStandbys(query);
    findings.push(
      ["server", server],
      ["standby", standbys],
      ["slots", await checkSlots(query)],
      [
        "commit",
        standbys?.verdict === "error"
          ? WOULD_WAIT
          : await checkCommit(database),
      ],
    );
    const { finding, latestVisit } = await checkTables(query);
    findings.push(
      ["room", await checkConnections(query)],
      ["store", finding],
      ["skew", await checkSkew(query)],
    );
    condition.latestVisit = latestVisit;
  } catch (error) {
    const what = `${storeName(url)}: ${databaseError(error).message}`;
    const server = error instanceof ReadOnlyError
      ? bad(what)
      : bad(what, "start it, or name another one with --store");
    findings.splice(0, Infinity, ["server", server]);
  } finally {
    await database.close();
  }
  for (const [subject, finding] of findings) {
    if (finding !== undefined) tell(subject, finding);
  }
  return condition;
}

/** A commit that is measured would wait as well. */
const WOULD_WAIT = unknown("not measured, since it would wait for the standby");

/** A statement that gives one value. */
async function value<T>(query: Query, text: string): Promise<T> {
  const [row] = await query<[T]>(sql(`SELECT ${text}`));
  return row?.[0] as T;
}

async function checkServer(
  database: Database,
  name: string,
): Promise<Finding> {
  const version = await value<string>(
    database.query,
    "version()",
  );
  // Behind it stands what it was built with.
  const program = version.split(" on ")[0] ?? version;
  const what = `${program} at ${name}`;
  return ok(database.isPooled ? `${what}, through a pooler` : what);
}

async function checkConnections(query: Query): Promise<Finding> {
  const most = await value<number>(
    query,
    `(current_setting('max_connections')::int
      - current_setting('superuser_reserved_connections')::int)`,
  );
  const used = await value<number>(
    query,
    "sum(numbackends)::int FROM pg_stat_database",
  );
  // One of those in use is ours.
  return judgeConnections(most - used + 1, most);
}

/** What it means that so many connections are free. */
export function judgeConnections(free: number, most: number): Finding {
  const what = `${formatCount(Math.max(0, free))} of ${
    formatThings(most, "connection")
  } free, a relay takes ${CONNECTIONS}`;
  if (free >= CONNECTIONS) return ok(what);
  return bad(what, "raise max_connections, or stop other programs");
}

/** What the tables hold, which aren't made here. */
async function checkTables(
  query: Query,
): Promise<{ finding: Finding; latestVisit?: Date }> {
  let version: number | undefined;
  try {
    version = await schemaVersion(query);
    if (version === undefined) return { finding: await judgeNewTables(query) };
    await query(version < SCHEMA_VERSION ? MAY_WRITE_LEGACY : MAY_WRITE);
  } catch (error) {
    return { finding: bad(databaseError(error).message) };
  }
  const isOlder = version < SCHEMA_VERSION;
  const counts = await countContent(query, isOlder ? ["messages"] : undefined);
  const latest = await latestVisit(query);
  const content = `${formatCounts(counts)}; schema version ${version}`;
  return {
    finding: isOlder ? await judgeMigration(query, content) : ok(content),
    ...latest === "" ? {} : { latestVisit: new Date(latest) },
  };
}

/** Changes nothing, but fails where the relay's writes would. */
function mayWrite(...tables: readonly (readonly [string, string])[]) {
  return sql(
    `WITH ${
      tables.map(([table, column]) =>
        `${table}_ AS (UPDATE ${table} SET ${column} = ${column} WHERE false)`
      )
    } UPDATE relay SET Value = Value WHERE false`,
  );
}

const LEGACY_COLUMNS = [
  ["accounts", "UserName"],
  ["activity", "LastSeen"],
  ["messages", "Type"],
  ["parts", "Part"],
] as const;
const MAY_WRITE_LEGACY = mayWrite(...LEGACY_COLUMNS);
const MAY_WRITE = mayWrite(
  ...LEGACY_COLUMNS,
  ["profiles", "Version"],
  ["devices", "Count"],
  ["packages", "Kind"],
  ["taken", "State"],
  ["mail", "Flags"],
  ["mail_parts", "Part"],
);

/** Whether the relay may make its tables. */
async function judgeNewTables(query: Query): Promise<Finding> {
  if (await mayCreate(query)) return ok("no tables yet, the relay makes them");
  return bad("no tables yet, and this user may not make them", LET_CREATE);
}

/** Whether the relay may add the tables that an older version lacks. */
async function judgeMigration(query: Query, content: string): Promise<Finding> {
  if (await mayCreate(query)) {
    return ok(`${content}, the relay brings it to ${SCHEMA_VERSION}`);
  }
  return bad(
    `${content}, and this user may not make the tables of ${SCHEMA_VERSION}`,
    LET_CREATE,
  );
}

const LET_CREATE =
  "make it the database's owner (ALTER DATABASE … OWNER TO …), and see that the database takes writes";

async function mayCreate(query: Query): Promise<boolean> {
  return await value<boolean>(
    query,
    `(has_schema_privilege(current_schema(), 'CREATE')
      AND current_setting('transaction_read_only') = 'off')`,
  );
}

async function latestVisit(query: Query): Promise<string> {
  let latest = "";
  for await (const slice of slicesOf(query, "activity", SLICE)) {
    const [row] = await query<[string | null]>(LATEST_VISIT, slice);
    const [visit] = row ?? [];
    if (visit != null && visit > latest) latest = visit;
  }
  return latest;
}

async function checkSkew(query: Query): Promise<Finding> {
  const before = Date.now();
  const there = await value<number>(
    query,
    "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
  );
  return judgeSkew(there - (before + Date.now()) / 2);
}

/** What it means that the database's clock is ahead by so many milliseconds. */
export function judgeSkew(ahead: number): Finding {
  const what = `the database's clock is ${formatDuration(Math.abs(ahead))} ${
    ahead < 0 ? "behind" : "ahead of"
  } this one`;
  if (Math.abs(ahead) <= CLOCK_TOLERANCE) return ok(what);
  return warning(what, "set both clocks by the same source");
}
