/**
 * The verb that prints a relay's line, and renews its key.
 *
 * @module
 */

import { UsageError } from "../../shared/cli/program.ts";
import { statIfThere } from "../../shared/folder/durable_files.ts";
import { readPortFile } from "../port_file.ts";
import { lineToPassOn } from "../secure/port/printed_line.ts";
import {
  makeRelayKey,
  readRelayKey,
  type RelayKeyFiles,
  relayKeyFiles,
  switchRelayKey,
} from "../secure/port/relay_key.ts";
import { isConfirmed, refused } from "./confirmation.ts";
import type { AdminOptions } from "./options.ts";

/** What `key` takes of the command line. */
export type KeyOptions = Pick<
  AdminOptions,
  "dir" | "name" | "securePort" | "isNew" | "switches" | "yes"
>;

/**
 * Prints the line of the relay's key, and below it that of the next key. Makes
 * keys before, or puts the next one in the place of the current one.
 *
 * @returns the exit code, 0 by default
 * @throws {Error} if a key can't be read or made; the message says what to do
 */
export async function runKey(options: KeyOptions): Promise<number | void> {
  const { dir, isNew, switches, yes } = options;
  const files = relayKeyFiles(dir);
  if (isNew && switches) {
    throw new UsageError("--new and --switch are two steps: give one");
  }
  if (switches) {
    const plan =
      "Show the next key from now on, and be refused by clients that have only the line of the old one";
    if (!isConfirmed(plan, yes)) return refused();
    await switchRelayKey(files);
    console.error(
      "the relay shows this key once it is started anew, or replaced (SIGUSR2)",
    );
  } else if (isNew) await makeKey(files);
  await printLines(files, options);
}

/** Makes the first key, or the next one. */
async function makeKey({ current, next }: RelayKeyFiles): Promise<void> {
  const isFirst = await readRelayKey(current) === undefined;
  if (!isFirst && statIfThere(next) !== undefined) {
    throw new Error(
      `There is a next key already, ${next}: go on with key --switch, or remove it`,
    );
  }
  const path = isFirst ? current : next;
  await makeRelayKey(path);
  console.error(`made ${path}: keep a copy of it`);
}

async function printLines(
  { current, next }: RelayKeyFiles,
  { dir, name, securePort }: KeyOptions,
): Promise<void> {
  const key = await readRelayKey(current);
  if (key === undefined) {
    throw new Error(
      `There is no ${current}: the relay makes it at its first start, or messageu-admin key --new`,
    );
  }
  const port = securePort ?? await defaultPort(dir);
  const lineOf = ({ publicKey }: typeof key) =>
    lineToPassOn({ hostname: "0.0.0.0", port, key: publicKey }, name);
  const { line, advice } = lineOf(key);
  console.log(line);
  const nextKey = await readRelayKey(next);
  if (nextKey !== undefined) {
    console.log(lineOf(nextKey).line);
    console.error(
      "the relay shows the key of the first line; users enter the second one, too, and then key --switch puts its key in the place of the first",
    );
  }
  if (advice !== undefined) console.error(advice);
}

/** The port that a relay in this folder takes without flags. */
async function defaultPort(dir: string): Promise<number> {
  const warnings: string[] = [];
  const port = await readPortFile(dir, { warnings, notes: [] });
  for (const warning of warnings) console.error(`warning: ${warning}`);
  return port + 1;
}
