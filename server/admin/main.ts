/**
 * The admin program: its flags, and the sentences that it prints.
 *
 * @module
 */

import { dirname } from "node:path";
import { printableJson, printableLine } from "../../shared/cli/printable.ts";
import { UsageError } from "../../shared/cli/usage_error.ts";
import { withHelp } from "../../shared/cli/help.ts";
import { runProgram } from "../../shared/cli/program.ts";
import { formatBytes, formatThings } from "../../shared/cli/figures.ts";
import { statIfThere } from "../../shared/folder/durable_files.ts";
import {
  type AdminStore,
  formatCounts,
  RESTART_IDS,
  type UserInfo,
} from "../store/admin_store.ts";
import type { StoreAddress, StoreAdmin } from "../store/store_kind.ts";
import { kindOf } from "../store/store_kinds.ts";
import { findUsers, usersTable } from "./users.ts";
import {
  type AdminOptions,
  HELP,
  readAdminOptions,
  type VerbName,
} from "./options.ts";
import { statsLines, statsObject } from "./stats_text.ts";

/** Names that a question tells. */
const MOST_NAMED = 10;

/** What a verb does with an open store; resolves to its exit code, 0 where it is none. */
type Verb = (
  store: AdminStore,
  options: AdminOptions,
) => Promise<number | void>;

const verbs: Readonly<Record<Exclude<VerbName, "restore">, Verb>> = {
  stats,
  users,
  remove,
  purge,
  backup,
  check,
  "raise-ids": raiseIds,
  "restart-ids": restartIds,
};

async function stats(store: AdminStore, { json }: AdminOptions): Promise<void> {
  const now = new Date();
  const found = await store.stats(now);
  if (json) return console.log(printableJson(statsObject(found)));
  for (const line of statsLines(found, now)) console.log(line);
}

async function users(store: AdminStore, { json }: AdminOptions): Promise<void> {
  if (!json) {
    for await (const line of usersTable(store.users())) console.log(line);
    return;
  }
  for await (const user of store.users()) {
    console.log(printableJson({ type: "user", ...user }));
  }
}

async function remove(
  store: AdminStore,
  { users: wanted, yes }: AdminOptions,
): Promise<number | void> {
  const users = await findUsers(store, wanted);
  if (!isConfirmed(`Remove ${describeUsers(users)}`, yes)) return refused();
  let isGone = false;
  for (const user of users) {
    const name = printableLine(user.name);
    const messages = await store.deleteUser(user.name);
    if (messages === undefined) {
      isGone = true;
      console.error(`error: ${name} is gone already`);
      continue;
    }
    const along = messages === 0
      ? "nothing was waiting"
      : `${formatThings(messages, "waiting message")} went along`;
    console.log(`removed ${name}: ${along}`);
  }
  return isGone ? 1 : 0;
}

function describeUsers(users: readonly UserInfo[]): string {
  const sum = (key: "messages" | "bytes") =>
    users.reduce((sum, user) => sum + user[key], 0);
  const names = users.slice(0, MOST_NAMED).map(({ name }) =>
    printableLine(name)
  );
  const more = users.length > MOST_NAMED ? ", …" : "";
  const who = users.length === 1
    ? `${names}`
    : `${formatThings(users.length, "user")} (${names.join(", ")}${more})`;
  const messages = sum("messages");
  return messages === 0
    ? `${who}, for whom nothing waits`
    : `${who} and ${formatThings(messages, "waiting message")} (${
      formatBytes(sum("bytes"))
    })`;
}

async function purge(
  store: AdminStore,
  { olderThan, dryRun }: AdminOptions,
): Promise<void> {
  const before = new Date(Date.now() - olderThan);
  const since = `that arrived before ${before.toISOString()}`;
  if (dryRun) {
    const count = await store.countArrivedBefore(before);
    return console.log(
      `would delete ${formatThings(count, "message")} ${since}`,
    );
  }
  const count = await store.purge(before);
  console.log(`deleted ${formatThings(count, "message")} ${since}`);
}

async function backup(
  store: AdminStore,
  { file: path }: AdminOptions,
): Promise<void> {
  const taken = `${path} is there already: take another name`;
  if (statIfThere(path) !== undefined) throw new Error(taken);
  if (statIfThere(dirname(path))?.isDirectory !== true) {
    throw new Error(`There is no folder ${dirname(path)}: make it first`);
  }
  try {
    const counts = await store.backup(path);
    const size = statIfThere(path)?.size ?? 0;
    console.log(
      `wrote ${path}: ${formatCounts(counts)}, ${formatBytes(size)}`,
    );
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw new Error(taken);
    throw error;
  }
}

async function check(store: AdminStore): Promise<number> {
  const findings = await store.check();
  for (const finding of findings) console.log(finding);
  if (findings.length === 0) console.log("all is well");
  return findings.length === 0 ? 0 : 1;
}

async function raiseIds(store: AdminStore): Promise<void> {
  const { inboxes, usedUp } = await store.raiseIds();
  console.log(`raised the message ids of ${formatThings(inboxes, "user")}`);
  if (usedUp === 0) return;
  console.log(
    `${formatThings(usedUp, "user")} with no id left: ${RESTART_IDS}`,
  );
}

async function restartIds(store: AdminStore): Promise<number> {
  const { restarted, waiting } = await store.restartIds();
  console.log(
    `restarted the message ids of ${formatThings(restarted, "user")}`,
  );
  for (const name of waiting) {
    console.log(
      `left ${
        printableLine(name)
      } alone, for whom messages wait: pull them first`,
    );
  }
  return waiting.length === 0 ? 0 : 1;
}

/** A store may be restored that can't be opened, or isn't there. */
async function restore(
  admin: StoreAdmin,
  { store, file, yes }: AdminOptions,
): Promise<number | void> {
  const restore = await admin.restore(store, file);
  if (!isConfirmed(restore.plan, yes)) return refused();
  console.log(await restore.run());
}

/**
 * Asks at the terminal whether to do something.
 *
 * @param what what will be done, as a sentence without its full stop
 * @param yes whether it was answered beforehand
 * @throws {UsageError} where there is no terminal to ask at
 */
function isConfirmed(what: string, yes: boolean): boolean {
  if (yes) return true;
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      `${what}: nobody can be asked here, so say that you mean it with --yes`,
    );
  }
  return confirm(`${what}?`);
}

function refused(): number {
  console.error("nothing was changed");
  return 1;
}

/** @throws {UsageError} where only its relay can reach such a store */
async function adminOf(store: StoreAddress): Promise<StoreAdmin> {
  const admin = await kindOf(store).admin?.();
  if (admin !== undefined) return admin;
  throw new UsageError(
    `${store.scheme}: ends with its relay, so there is nothing to look after`,
  );
}

/** Runs a verb; resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number | void> {
  const options = await readAdminOptions(args);
  const { verb } = options;
  const admin = await adminOf(options.store);
  if (verb === "restore") return await restore(admin, options);
  const store = await admin.open(options.store);
  try {
    return await verbs[verb](store, options);
  } finally {
    await store.close();
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
