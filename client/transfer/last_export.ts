/**
 * When a folder was last exported to an archive, and whether to remind its user
 * of that.
 *
 * @module
 */

import { day } from "../../shared/cli/time.ts";
import { statIfThere } from "../../shared/folder/durable_files.ts";
import { Advice, Command } from "../advice.ts";
import { ignoreUserError } from "../errors.ts";
import { pathOfIdentity } from "../keys/identity.ts";
import { replaceFile } from "../store/folder.ts";

const EXPORT = new Command("export", "FILE");
/** The name of the file. */
const FILE = "info.exported";
const DAY = 86_400_000;
/** Milliseconds after which an archive is old. */
const OLD_AGE = 30 * DAY;
/** Milliseconds between two reminders. */
const REMINDER_INTERVAL = 7 * DAY;

/** What is known of a folder's exports; times are milliseconds since 1970. */
export interface LastExport {
  /** When the last archive was made; undefined if none was. */
  readonly exported: number | undefined;
  /** Whether that, or else the registration, was more than a month ago. */
  readonly isOld: boolean;
}

/** Times in the file. */
interface Times {
  readonly exported?: number;
  readonly reminded?: number;
}

/** Looks up the last export of a folder. */
export async function lastExport(dir: string): Promise<LastExport> {
  const { exported } = await readTimes(dir);
  const since = exported ?? await registrationTime(dir) ?? Infinity;
  return { exported, isOld: Date.now() - since > OLD_AGE };
}

/**
 * A reminder that the folder has no recent archive; undefined if it has, or if
 * the user was reminded within a week.
 */
export async function exportReminder(
  dir: string,
): Promise<Advice | undefined> {
  const { exported, isOld } = await lastExport(dir);
  if (!isOld) return undefined;
  const times = await readTimes(dir);
  const now = Date.now();
  if (now - (times.reminded ?? 0) < REMINDER_INTERVAL) return undefined;
  await writeTimes(dir, { ...times, reminded: now });
  return exported === undefined
    ? new Advice(
      "Your key and messages are in this folder alone: ",
      EXPORT,
      " makes an archive of them",
    )
    : new Advice(
      `Your last archive is of ${day(exported)}: `,
      EXPORT,
      " makes a new one",
    );
}

/** Remembers that an archive was made. */
export async function rememberExport(dir: string): Promise<void> {
  await writeTimes(dir, { exported: Date.now() });
}

async function registrationTime(dir: string): Promise<number | undefined> {
  const path = await pathOfIdentity(dir).catch(ignoreUserError);
  return path === undefined ? undefined : statIfThere(path)?.mtime?.getTime();
}

/** Reads the file; a missing or malformed one holds no times. */
async function readTimes(dir: string): Promise<Times> {
  try {
    const { exported, reminded } = JSON.parse(
      await Deno.readTextFile(`${dir}/${FILE}`),
    );
    const time = (text: unknown) => Date.parse(String(text));
    return {
      ...isFinite(time(exported)) && { exported: time(exported) },
      ...isFinite(time(reminded)) && { reminded: time(reminded) },
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return {};
  }
}

/** Writes the file; a failure costs a reminder only. */
async function writeTimes(dir: string, times: Times): Promise<void> {
  const values = Object.fromEntries(
    Object.entries(times).map(([name, time]) => [
      name,
      new Date(time).toISOString(),
    ]),
  );
  try {
    await replaceFile(`${dir}/${FILE}`, `${JSON.stringify(values)}\n`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
