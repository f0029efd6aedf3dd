/**
 * The verbs of the admin program.
 *
 * @module
 */

import { dirname } from "node:path";
import { formatBytes, formatThings } from "../../shared/cli/figures.ts";
import { printableJson, printableLine } from "../../shared/cli/printable.ts";
import { statIfThere } from "../../shared/folder/durable_files.ts";
import {
  type AdminStore,
  formatCounts,
  RESTART_IDS,
  type UserInfo,
} from "../store/admin_store.ts";
import type { StoreAdmin } from "../store/store_kind.ts";
import { isConfirmed, refused } from "./confirmation.ts";
import { runKey } from "./key.ts";
import type { AdminOptions, VerbFlag } from "./options.ts";
import { statsLines, statsObject } from "./stats_text.ts";
import { findUsers, usersTable } from "./users.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** Names listed in a confirmation. */
const MOST_NAMED = 10;

/** A verb: what it takes, its line in the help, and its work. */
export interface Verb {
  readonly brief: string;
  /** Its argument: one file, or one or more users; none by default. */
  readonly word?: "USER" | "FILE";
  /** Those of {@linkcode verbFlags} that it accepts. */
  readonly flags: readonly VerbFlag[];
  /** Its work on the open store; resolves to the exit code, 0 by default. */
  run?(store: AdminStore, options: AdminOptions): Promise<number | void>;
  /** Its work on a store that may be damaged or missing. */
  replace?(admin: StoreAdmin, options: AdminOptions): Promise<number | void>;
  /** Its work on the relay's other files, without a store. */
  runWithoutStore?(options: AdminOptions): Promise<number | void>;
}

/** Runs a verb on a store; resolves to the exit code, 0 by default. */
export async function runVerb(
  { run, replace }: Verb,
  admin: StoreAdmin,
  options: AdminOptions,
): Promise<number | void> {
  if (run === undefined) return await replace?.(admin, options);
  const store = await admin.open(options.store);
  try {
    return await run(store, options);
  } finally {
    await store.close();
  }
}

/** The verbs, in the order of the help. */
export const verbs = {
  stats: {
    brief: "users, waiting messages and their bytes, the files' sizes",
    flags: ["json"],
    async run(store, { json }) {
      const now = new Date();
      const found = await store.stats(now);
      if (json) return console.log(printableJson(statsObject(found)));
      for (const line of statsLines(found, now)) console.log(line);
    },
  },
  users: {
    brief: "all users: when last seen, and what waits",
    flags: ["json"],
    async run(store, { json }) {
      if (!json) {
        for await (const line of usersTable(store.users())) console.log(line);
        return;
      }
      for await (const user of store.users()) {
        console.log(printableJson({ type: "user", ...user }));
      }
    },
  },
  remove: {
    brief:
      "remove users, and the messages that wait for them; * and ?\nstand for any letters, unless a user has that very name",
    word: "USER",
    flags: ["yes"],
    async run(store, { users: wanted, yes }) {
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
    },
  },
  purge: {
    brief: "delete messages that have waited for long",
    flags: ["olderThan", "dryRun"],
    async run(store, { olderThan, dryRun }) {
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
    },
  },
  backup: {
    brief: "write a copy of the store, as of one moment, into a new file",
    word: "FILE",
    flags: [],
    async run(store, { file: path }) {
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
        if (hasCode(error, "EEXIST")) throw new Error(taken);
        throw error;
      }
    },
  },
  restore: {
    brief:
      "put a backup in the store's place, or into an empty database;\nthe relay must be stopped",
    word: "FILE",
    flags: ["yes"],
    async replace(admin, { store, file, yes }) {
      const restore = await admin.restore(store, file);
      if (!isConfirmed(restore.plan, yes)) return refused();
      console.log(await restore.run());
      return 0;
    },
  },
  check: {
    brief: "look for damage, and for what doesn't fit together",
    flags: [],
    async run(store) {
      const findings = await store.check();
      for (const finding of findings) console.log(finding);
      if (findings.length === 0) console.log("all is well");
      return findings.length === 0 ? 0 : 1;
    },
  },
  "raise-ids": {
    brief:
      "go on with higher message ids in every inbox: for a database\nthat was put back to an earlier moment without restore",
    flags: [],
    async run(store) {
      const { inboxes, usedUp } = await store.raiseIds();
      console.log(`raised the message ids of ${formatThings(inboxes, "user")}`);
      if (usedUp === 0) return;
      console.log(
        `${formatThings(usedUp, "user")} with no id left: ${RESTART_IDS}`,
      );
    },
  },
  "restart-ids": {
    brief: "give inboxes that have used up their message ids new ones",
    flags: [],
    async run(store) {
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
    },
  },
  key: {
    brief:
      "print the line of the relay's secure port, for its users; with\n--new and --switch renew the key",
    flags: ["name", "securePort", "new", "switch", "yes"],
    runWithoutStore: runKey,
  },
} as const satisfies Record<string, Verb>;

/** The name of a verb. */
export type VerbName = keyof typeof verbs;

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
