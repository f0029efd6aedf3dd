/**
 * The verbs of the admin program.
 *
 * @module
 */

import { dirname } from "node:path";
import { formatBytes, formatThings } from "../../shared/cli/figures.ts";
import { printableJson, printableLine } from "../../shared/cli/printable.ts";
import { UsageError } from "../../shared/cli/program.ts";
import { statIfThere } from "../../shared/folder/durable_files.ts";
import {
  type AdminStore,
  formatCounts,
  RESTART_IDS,
  type UserInfo,
} from "../store/admin_store.ts";
import type { StoreAdmin } from "../store/store_kind.ts";
import type { AdminOptions, VerbFlag } from "./options.ts";
import { statsLines, statsObject } from "./stats_text.ts";
import { findUsers, usersTable } from "./users.ts";

/** Names listed in a confirmation. */
const MOST_NAMED = 10;

/** A verb: what it takes, its line in the help, and its work. */
export interface Verb {
  readonly brief: string;
  /** Its argument: one file, or one or more users; none by default. */
  readonly word?: "USER" | "FILE";
  /** Those of {@linkcode verbFlags} that it accepts. */
  readonly flags: readonly VerbFlag[];
  /** Resolves to the exit code, 0 by default. */
  readonly task: (
    admin: StoreAdmin,
    options: AdminOptions,
  ) => Promise<number | void>;
}

/** The verbs, in the order of the help. */
export const verbs = {
  stats: {
    brief: "users, waiting messages and their bytes, the files' sizes",
    flags: ["json"],
    task: onStore(stats),
  },
  users: {
    brief: "all users: when last seen, and what waits",
    flags: ["json"],
    task: onStore(users),
  },
  remove: {
    brief:
      "remove users, and the messages that wait for them; * and ?\nstand for any letters, unless a user has that very name",
    word: "USER",
    flags: ["yes"],
    task: onStore(remove),
  },
  purge: {
    brief: "delete messages that have waited for long",
    flags: ["olderThan", "dryRun"],
    task: onStore(purge),
  },
  backup: {
    brief: "write a copy of the store, as of one moment, into a new file",
    word: "FILE",
    flags: [],
    task: onStore(backup),
  },
  restore: {
    brief:
      "put a backup in the store's place, or into an empty database;\nthe relay must be stopped",
    word: "FILE",
    flags: ["yes"],
    task: restore,
  },
  check: {
    brief: "look for damage, and for what doesn't fit together",
    flags: [],
    task: onStore(check),
  },
  "raise-ids": {
    brief:
      "go on with higher message ids in every inbox: for a database\nthat was put back to an earlier moment without restore",
    flags: [],
    task: onStore(raiseIds),
  },
  "restart-ids": {
    brief: "give inboxes that have used up their message ids new ones",
    flags: [],
    task: onStore(restartIds),
  },
} as const satisfies Record<string, Verb>;

/** The name of a verb. */
export type VerbName = keyof typeof verbs;

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

/** Replaces a store that may be damaged or missing. */
async function restore(
  admin: StoreAdmin,
  { store, file, yes }: AdminOptions,
): Promise<number | void> {
  const restore = await admin.restore(store, file);
  if (!isConfirmed(restore.plan, yes)) return refused();
  console.log(await restore.run());
}

/**
 * Asks for confirmation at the terminal.
 *
 * @param plan what will be done, as a sentence without its full stop
 * @param yes whether `--yes` confirmed it beforehand
 * @throws {UsageError} if standard input is no terminal
 */
function isConfirmed(plan: string, yes: boolean): boolean {
  if (yes) return true;
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      `${plan}: there is no terminal to confirm it at, so confirm it with --yes`,
    );
  }
  return confirm(`${plan}?`);
}

function refused(): number {
  console.error("nothing was changed");
  return 1;
}

/** Makes a task of one that works on the open store. */
function onStore(
  work: (store: AdminStore, options: AdminOptions) => Promise<number | void>,
): Verb["task"] {
  return async (admin, options) => {
    const store = await admin.open(options.store);
    try {
      return await work(store, options);
    } finally {
      await store.close();
    }
  };
}
