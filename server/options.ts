/**
 * The relay's command line.
 *
 * @module
 */

import { readCommandLine } from "../shared/cli/command_line.ts";
import {
  flagsHelp,
  nonEmpty,
  numberFrom,
  parseSpan,
  switchFlag,
  valueFlag,
} from "../shared/cli/flags.ts";
import { UsageError } from "../shared/cli/program.ts";
import { type Address, parsePort } from "../shared/folder/info_files.ts";
import { type Platform, thisPlatform } from "../shared/platform/platform.ts";
import { reasonOf } from "../shared/cli/reason.ts";
import { readPortFile } from "./port_file.ts";
import { limitFlags, limitsOf } from "./relay/limits/limit_flags.ts";
import { readStore, storeFlags } from "./store/store_flags.ts";
import { secureFlags, secureOptionsOf } from "./secure/port/secure_flags.ts";
import { kindOf, storeKinds } from "./store/store_kinds.ts";
import { telemetryFlags } from "./telemetry/telemetry_flags.ts";

const RUNNING_HELP = `Files, in DIR:

  info.myport          the port, where no flag names one
  relay.key            the key of the secure port, made at the first start: keep a
                       copy; messageu-admin key prints the line for users again
  db.defensive         users and waiting messages; db.defensive-wal and -shm are
                       part of it, and db.defensive-lock goes with the relay
  db.defensive-reserve room for deletions on a full disk: 4 MiB, more under load
  db.defensive-backup-*
                       a copy from before a newer relay changed its tables

Signals, to the process that --pid-file and the log name:

  SIGTERM, SIGINT, SIGHUP  finish what is under way, for --drain seconds at most,
                           and stop; not SIGHUP under nohup, which only
                           works without deno task
  SIGUSR2                  start a new relay in the old one's place, without a
                           connection that is refused; on Linux only
  Ctrl-C, Ctrl-Break       on Windows: stop as on SIGTERM

Exit codes: 0 stopped, or all is well with --doctor; 1 something failed, and the
last line says what; 2 the command line is invalid.

Example: messageu-relay --dir /var/lib/messageu --keep 30d --metrics 127.0.0.1:9100
`;

const MOST_WORKERS = 64;
/** Seconds. */
const LONGEST_DRAIN = 3600;

const relayFlags = {
  port: valueFlag(
    "N",
    "the port; 0 takes any free one (default: from info.myport)",
    (text) => parsePort(text, 0),
  ),
  host: valueFlag(
    "ADDR",
    "the address to listen on (default: 0.0.0.0)",
    nonEmpty,
  ),
  ...secureFlags,
  dir: valueFlag(
    "DIR",
    "where info.myport, relay.key and db.defensive lie (default: .)",
    nonEmpty,
  ),
  ...storeFlags(storeKinds),
  keep: valueFlag(
    "SPAN",
    "delete messages that have waited for so long, such as 90m, 12h,\n30d or 4w (default: keep them until they are taken)",
    parseSpan,
  ),
  drain: valueFlag(
    "N",
    "seconds that requests under way get once the relay is to stop\n(default: 5)",
    numberFrom(0, LONGEST_DRAIN),
  ),
  workers: valueFlag(
    "N",
    "relays that share the port, for a store in PostgreSQL (default: 1)",
    numberFrom(1, MOST_WORKERS),
  ),
  pidFile: valueFlag(
    "FILE",
    "write the number of the process that takes the signals below to\nFILE while it serves",
    nonEmpty,
  ),
  stopWithInput: switchFlag("stop as on SIGTERM once standard input ends"),
  stopWithFile: valueFlag(
    "FILE",
    "stop as on SIGTERM once FILE appears, for tasks that get neither\na signal nor an input",
    nonEmpty,
  ),
  takeOver: switchFlag(
    "share the port with a relay that is about to stop, and wait for\nits store",
  ),
  doctor: switchFlag(
    "check disk, room, clock, store, key and limits, and stop",
  ),
  help: switchFlag("print this"),
  version: switchFlag("print the version"),
};

/** What `--help` prints. */
export const HELP = `MessageU relay: keeps users and their waiting messages.

Usage: messageu-relay [flags]

${flagsHelp(relayFlags, 15)}
Limits; a SIZE is in bytes, or with K, M or G, and 0 means none where it can:

${flagsHelp(limitFlags, 36)}
Telemetry:

${flagsHelp(telemetryFlags, 36)}
${RUNNING_HELP}`;

const flags = { ...relayFlags, ...limitFlags, ...telemetryFlags };

/** A parsed command line, with defaults for missing flags. */
export type ServerOptions = Awaited<ReturnType<typeof readServerOptions>>;

/**
 * Parses the command line; reads the port from `info.myport` if no flag has it.
 *
 * @throws {UsageError} if the command line is invalid
 */
export async function readServerOptions(
  args: readonly string[],
  platform: Platform = thisPlatform,
) {
  const { values } = await readCommandLine(args, flags);
  const { dir = ".", workers = 1, drain = 5, takeOver = false } = values;
  const warnings: string[] = [];
  const notes: string[] = [];
  requireShared(platform, {
    "--workers": workers > 1,
    "--take-over": takeOver,
  });
  await checkFolder(dir);
  const store = await readStore(values, {
    flags: ["db"],
    sentence: "--db and --store name two stores: give one",
  });
  if (workers > 1 && !kindOf(store).sharedByRelays) {
    throw new UsageError(
      store.scheme === "file"
        ? "--workers needs --store: a file has one relay, which writes in threads of their own already"
        : `--workers needs a store that relays share, unlike ${store.scheme}:`,
    );
  }
  const { metrics, log: format = "text", logLevel: level = "info" } = values;
  const port = values.port ?? await readPortFile(dir, { warnings, notes });
  const metricsPorts = checkMetricsPorts(metrics, port, workers);
  const secure = secureOptionsOf(
    values,
    port,
    metricsPorts,
    (text) => warnings.push(text),
  );
  return {
    ...values,
    takeOver,
    workers,
    /** Time for requests under way after a stop, in milliseconds. */
    drain: 1000 * drain,
    hostname: values.host ?? "0.0.0.0",
    port,
    /** How the secure port is opened; undefined for none. */
    secure,
    dir,
    store,
    limits: limitsOf(values),
    telemetry: { metrics, format, level },
    /** Problems with `info.myport` and the secure port, as sentences. */
    warnings,
    /** That there is no `info.myport`, in a sentence. */
    notes,
  };
}

/** @throws {UsageError} if a flag makes relays share a port where they can't */
function requireShared(
  { name, sharesPorts }: Platform,
  flags: Readonly<Record<string, boolean>>,
): void {
  const flag = Object.keys(flags).find((flag) => flags[flag]);
  if (sharesPorts || flag === undefined) return;
  throw new UsageError(
    `${flag}: relays on ${name} can't share a port: run one without the flag, or run them on Linux`,
  );
}

/**
 * Each worker has its own port for metrics; none may be the relay's.
 *
 * @returns these ports
 */
function checkMetricsPorts(
  metrics: Address | undefined,
  port: number,
  workers: number,
): number[] {
  if (metrics === undefined || metrics.port === 0) return [];
  const last = metrics.port + workers - 1;
  if (last > 65_535 || metrics.port <= port && port <= last) {
    throw new UsageError(
      `--metrics: the ports ${metrics.port} to ${last} go past 65535, or one of them is the relay's own: take another one`,
    );
  }
  return Array.from({ length: workers }, (_, more) => metrics.port + more);
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
