/**
 * The relay's command line, and where its files are.
 *
 * @module
 */

import { dirname } from "node:path";
import { parseFlags, readSpan } from "../shared/cli/flags.ts";
import { UsageError } from "../shared/cli/usage_error.ts";
import { FormatError } from "../shared/wire/format_error.ts";
import {
  findFile,
  infoFiles,
  readInfoText,
} from "../shared/folder/info_files.ts";
import { parsePort } from "../shared/folder/info_myport.ts";
import { DEFAULT_PORT } from "../shared/wire/protocol.ts";
import { reasonOf } from "../shared/cli/reason.ts";
import {
  limitFlagNames,
  LIMITS_HELP,
  readLimits,
} from "./relay/limits/limit_flags.ts";
import type { Limits } from "./relay/limits/limits.ts";
import { databasePath } from "./store/sqlite/file/database_path.ts";
import { readStoreUrl } from "./store/store_flags.ts";
import {
  readTelemetry,
  TELEMETRY_HELP,
  telemetryFlagNames,
  type TelemetryOptions,
} from "./telemetry/telemetry_flags.ts";

const RUNNING_HELP = `Files, in DIR:

  info.myport          the port, where no flag names one
  db.defensive         users and waiting messages; db.defensive-wal and -shm are
                       part of it, and db.defensive-lock goes with the relay
  db.defensive-reserve room for deletions on a full disk: 4 MiB, more under load
  db.defensive-backup-*
                       the same, as it was before a newer relay changed its tables

Signals, to the process that --pid-file and the log name:

  SIGTERM, SIGINT, SIGHUP  finish what is under way, for --drain seconds at most,
                           and stop; not SIGHUP under nohup, which only
                           works without deno task: see docs/operating.md
  SIGUSR2                  start a new relay in the old one's place, without a
                           connection that is refused

Exit codes: 0 stopped, or all is well with --doctor; 1 something failed, and the
last line says what; 2 the command line can't be obeyed.

Example: deno task server --dir /var/lib/messageu --keep 30d --metrics 127.0.0.1:9100
`;

/** What `--help` prints. */
export const HELP = `MessageU relay: keeps users and their waiting messages.

Usage: deno task server [flags]

  --port N     the port; 0 takes any free one (default: from info.myport)
  --host ADDR  the address to listen on (default: 0.0.0.0)
  --dir DIR    where info.myport and db.defensive lie (default: .)
  --db FILE    the database (default: db.defensive in DIR)
  --store URL  a PostgreSQL database in its place, which relays may share:
               postgres://USER:PASSWORD@HOST:PORT/DATABASE
               (default: from the environment's MESSAGEU_STORE)
  --store-file FILE
               a file that holds that URL
  --keep SPAN  delete messages that have waited for so long, such as 90m, 12h,
               30d or 4w (default: keep them until they are taken)
  --drain N    seconds that requests under way get once the relay is to stop
               (default: 5)
  --workers N  relays that share the port, for a store in PostgreSQL (default: 1)
  --pid-file FILE
               write the number of the process that takes the signals below to
               FILE while it serves
  --stop-with-input
               stop as on SIGTERM once standard input ends
  --take-over  share the port with a relay that is about to stop, and wait for
               its store
  --doctor     check disk, room, clock, store and limits, and stop
  --help       print this
  --version    print the version

Limits; a SIZE is in bytes, or with K, M or G, and 0 means none where it can:

${LIMITS_HELP}
What it tells of itself:

${TELEMETRY_HELP}
${RUNNING_HELP}`;

const MOST_WORKERS = 64;
/** Seconds. */
const LONGEST_DRAIN = 3600;

/** What the command line asks for. */
export interface ServerOptions {
  /** Print the help and stop. */
  help: boolean;
  /** Print the version and stop. */
  version: boolean;
  /** Check what the relay needs and stop. */
  doctor: boolean;
  /** Share the port with a relay that is about to stop, and wait for its store. */
  takeOver: boolean;
  /** Stop once standard input ends. */
  stopWithInput: boolean;
  /** The file for the number of the process that takes signals. */
  pidFile: string | undefined;
  /** Relays that share the port, each a process. */
  workers: number;
  /** Milliseconds that requests under way get once the relay is to stop. */
  drain: number;
  /** The address to listen on. */
  hostname: string;
  /** The port to listen on. */
  port: number;
  /** The database's path, where it is a file. */
  database: string;
  /** The database's URL, where it isn't a file. */
  storeUrl: string | undefined;
  /** The file that holds that URL, where one does. */
  storeFile: string | undefined;
  /** Another server's database, to be taken over where ours is new. */
  takeOverFrom: string | undefined;
  /** The folders whose files the relay reads and writes. */
  folders: string[];
  /** Milliseconds that a message is kept; undefined for ever. */
  keep: number | undefined;
  /** What clients may have. */
  limits: Limits;
  /** What the relay tells of itself. */
  telemetry: TelemetryOptions;
  /** What the user should know about what was read. */
  warnings: string[];
}

/**
 * Reads the command line, and the port's file where no flag names a port.
 *
 * @throws {UsageError} where it can't be obeyed
 */
export async function readServerOptions(
  args: readonly string[],
): Promise<ServerOptions> {
  const { values, switches } = parseFlags(
    args,
    [
      ...[
        "port",
        "host",
        "dir",
        "db",
        "store",
        "store-file",
        "keep",
        "workers",
        "drain",
        "pid-file",
      ] as const,
      ...limitFlagNames,
      ...telemetryFlagNames,
    ],
    ["help", "version", "doctor", "take-over", "stop-with-input"],
  );
  const dir = values.dir ?? ".";
  const warnings: string[] = [];
  const stop = switches.help || switches.version;
  if (!stop) await checkFolder(dir);
  const [ourName, ...otherNames] = infoFiles.database;
  const named = values.db ?? `${dir}/${ourName}`;
  const database = stop ? named : await databasePath(named);
  const storeUrl = stop ? undefined : await readStoreUrl(values);
  if (storeUrl !== undefined && values.db !== undefined) {
    throw new UsageError("--db and --store name two stores: give one");
  }
  const workers = numberOf("workers", values.workers ?? "1", 1, MOST_WORKERS);
  if (workers > 1 && storeUrl === undefined && !stop) {
    throw new UsageError(
      "--workers needs --store: a file has one relay, which writes in threads of their own already",
    );
  }
  const telemetry = readTelemetry(values);
  const port = values.port !== undefined
    ? portOf(values.port)
    : stop
    ? DEFAULT_PORT
    : await readPortFile(dir, warnings);
  checkMetricsPorts(telemetry, port, workers);
  return {
    ...switches,
    takeOver: switches["take-over"],
    stopWithInput: switches["stop-with-input"],
    pidFile: values["pid-file"],
    workers,
    drain: 1000 * numberOf("drain", values.drain ?? "5", 0, LONGEST_DRAIN),
    hostname: values.host ?? "0.0.0.0",
    port,
    database,
    storeUrl,
    storeFile: values["store-file"],
    takeOverFrom: stop || values.db !== undefined || storeUrl !== undefined
      ? undefined
      : await findFile(dir, otherNames),
    folders: [...new Set([dir, dirname(named), dirname(database)])],
    keep: values.keep === undefined ? undefined : readSpan("keep", values.keep),
    limits: readLimits(values),
    telemetry,
    warnings,
  };
}

/** Each worker has a port of its own for metrics, and none may be the clients'. */
function checkMetricsPorts(
  { metrics }: TelemetryOptions,
  port: number,
  workers: number,
): void {
  if (metrics === undefined || metrics.port === 0) return;
  const last = metrics.port + workers - 1;
  if (last > 65_535 || metrics.port <= port && port <= last) {
    throw new UsageError(
      `--metrics: the ports ${metrics.port} to ${last} go past 65535, or one of them is the relay's own: take another one`,
    );
  }
}

function numberOf(
  flag: string,
  text: string,
  min: number,
  max: number,
): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(
    `--${flag}: expected a number from ${min} to ${max}, got "${text}"`,
  );
}

async function checkFolder(dir: string): Promise<void> {
  const isFolder = await Deno.stat(dir).then(
    (info) => info.isDirectory,
    (cause) => {
      if (!(cause instanceof Deno.errors.NotCapable)) return false;
      throw new UsageError(`--dir: ${reasonOf(cause)}`, { cause });
    },
  );
  if (!isFolder) throw new UsageError(`--dir ${dir}: there is no such folder`);
}

function portOf(text: string): number {
  try {
    return parsePort(text, 0);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`--port: ${error.message}`);
  }
}

/** INF-1: a missing or bad file is a warning, and port 1357. */
async function readPortFile(dir: string, warnings: string[]): Promise<number> {
  const path = await findFile(dir, infoFiles.myPort);
  try {
    if (path !== undefined) return parsePort(await readInfoText(path));
    warnings.push(`no ${infoFiles.myPort[0]} in ${dir}, using ${DEFAULT_PORT}`);
  } catch (error) {
    const reason = reasonOf(error);
    warnings.push(`${path}: ${reason}; using ${DEFAULT_PORT}`);
  }
  return DEFAULT_PORT;
}
