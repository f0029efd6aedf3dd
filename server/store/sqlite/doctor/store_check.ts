/**
 * Whether the store is whole, and what is in it.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import { DAMAGE_ADVICE, storeError } from "../database_errors.ts";
import { readForeignDatabase } from "../file/foreign.ts";
import { lookInto } from "../file/look_into.ts";
import { statIfThere } from "../file/stat_if_there.ts";
import { StoreDamagedError } from "../../store.ts";
import { isStoreLocked } from "../file/store_lock.ts";
import { formatDuration, formatThings } from "../../../telemetry/figures.ts";
import type { Finding } from "../../../doctor/finding.ts";
import { lookIntoLinked, NoLinkError, readLinked } from "./linked_database.ts";
import { readStoreContent, type StoreContent } from "./store_content.ts";

/** What was found, with what other checks need of it. */
export interface StoreFinding extends Finding {
  /** Whether a relay runs on this database. */
  running: boolean;
  /** The latest visit of a user, where there is one. */
  latestVisit?: Date | undefined;
}

/**
 * Looks at a database and leaves its folder as it is.
 *
 * @param takeOverFrom another server's database, for a relay whose own is new
 */
export function checkStore(
  path: string,
  takeOverFrom: string | undefined,
): StoreFinding {
  let running = false;
  try {
    running = isStoreLocked(path);
    const finding = look(path, takeOverFrom, running);
    if (isStoreLocked(path) === running) return { ...finding, running };
    // Whoever came or went may have changed what we were reading.
    return { ...changing(path), running };
  } catch (error) {
    return { ...refuse(path, error), running };
  }
}

function look(
  path: string,
  takeOverFrom: string | undefined,
  running: boolean,
): Omit<StoreFinding, "running"> {
  const info = statIfThere(path);
  if (info === undefined) {
    return running ? changing(path) : checkTakeOver(takeOverFrom);
  }
  if (!info.isFile) {
    return {
      verdict: "bad",
      what: `${path} isn't a file`,
      advice: "move it away, or take another one with --db",
    };
  }
  const file = Deno.realPathSync(path);
  // A relay that serves has a log; to read without one would make it.
  if (running && statIfThere(`${file}-wal`) === undefined) {
    return changing(path);
  }
  if (!running && statIfThere(`${file}-journal`) !== undefined) {
    return {
      verdict: "?",
      what:
        `${path} can't be read as it is: a change was cut off, which the relay undoes at its start`,
    };
  }
  try {
    const { latestVisit, ...content } = running
      ? lookInto(path, readStoreContent)
      : lookIntoLinked(path, readStoreContent);
    return { ...describe(content, running), latestVisit };
  } catch (error) {
    return refuse(path, error);
  }
}

function describe(
  { users, messages, unready, checkTime }: Omit<StoreContent, "latestVisit">,
  running: boolean,
): Finding {
  const counts = `${formatThings(users, "user")}, ${
    formatThings(messages, "waiting message")
  }, checked whole in ${formatDuration(checkTime)}`;
  const notes = [
    ...(unready ? ["the relay brings its tables up to date at the start"] : []),
    ...(running ? ["a relay runs on it now"] : []),
  ];
  return { verdict: "ok", what: [counts, ...notes].join("; ") };
}

function changing(path: string): Finding {
  return {
    verdict: "?",
    what: `a relay is just starting or stopping on ${path}`,
    advice: "ask again in a moment",
  };
}

function refuse(path: string, error: unknown): Finding {
  const known = storeError(error);
  if (known instanceof StoreDamagedError) {
    return {
      verdict: "bad",
      what: `${path} is damaged (${reasonOf(known.cause ?? known)})`,
      advice: DAMAGE_ADVICE,
    };
  }
  if (error instanceof NoLinkError) {
    return { verdict: "?", what: `${path} wasn't read: ${error.message}` };
  }
  return { verdict: "bad", what: `${path} can't be used, ${known.message}` };
}

/** What a relay would start with where it has no database yet. */
function checkTakeOver(from: string | undefined): Finding {
  if (from === undefined) {
    return { verdict: "ok", what: "none yet, the relay makes one" };
  }
  try {
    const { clients, messages, unusable } = readLinked(
      from,
      readForeignDatabase,
    );
    const counts = `${formatThings(clients.length, "user")} and ${
      formatThings(messages.length, "message")
    }`;
    const what = `none yet, the relay takes over ${counts} from ${from}`;
    if (unusable === 0) return { verdict: "ok", what };
    return {
      verdict: "warn",
      what: `${what}, but ${formatThings(unusable, "row")} there can't be used`,
      advice: "keep that file",
    };
  } catch (error) {
    if (error instanceof NoLinkError) return refuse(from, error);
    return {
      verdict: "bad",
      what: `${from} can't be taken over (${reasonOf(error)})`,
      advice: "move it away to start anew",
    };
  }
}
