/**
 * What can be wrong between the tables of a store.
 *
 * @module
 */

import { formatThings } from "../../shared/cli/figures.ts";
import {
  CLIENT_ID_SIZE,
  MAX_MESSAGE_ID,
  PUBLIC_KEY_SIZE,
} from "../../shared/wire/protocol.ts";
import { RESTART_IDS } from "./admin_store.ts";

/** The faults: what is counted, and what is wrong with it. */
const faults = {
  noActivity: ["user", "without a row in activity"],
  noUser: ["row", "in activity without a user"],
  wrongSize: [
    "user",
    `with an id or a key that isn't ${CLIENT_ID_SIZE} or ${PUBLIC_KEY_SIZE} bytes`,
  ],
  noRecipient: ["message", "without a registered recipient"],
  wrongId: ["message", `with an id that isn't from 1 to ${MAX_MESSAGE_ID}`],
  wrongLast: [
    "user",
    `with a last message that isn't from 0 to ${MAX_MESSAGE_ID}`,
  ],
  usedUp: ["user", "whose inbox has used up its ids and takes no message"],
  higherIds: [
    "user",
    "for whom messages wait with higher ids than its last message's",
  ],
  moreBytes: ["user", "for whom more bytes wait than ever came in"],
  wrongRest: ["message", "with more or less in its parts than it says"],
  noMessage: ["part", "of no message"],
} as const;

/** A fault as one kind of store finds it. */
export interface Rule {
  /** Its key. */
  fault: keyof typeof faults;
  /** The table that is looked through. */
  table: string;
  /** SQL that holds for a row with the fault. */
  where: string;
  /** SQL that repairs it, or `delete` to delete the rows. Default: nothing does but a backup. */
  repair?: string;
}

/**
 * Describes a fault, with what to do about it.
 *
 * @param count rows that have it
 * @param restore how a backup is restored
 * @param run what SQL is run with, once no relay runs
 * @returns a sentence; none where no row has it
 */
export function describeFault(
  { fault, table, where, repair }: Rule,
  count: number,
  { restore, run }: { restore: string; run: string },
): string[] {
  if (count === 0) return [];
  const [thing, what] = faults[fault];
  const sql = repair === "delete"
    ? `DELETE FROM ${table} WHERE ${where}`
    : repair;
  const advice = fault === "usedUp"
    ? RESTART_IDS
    : restore + (sql === undefined ? "" : `, or ${run} "${sql}"`);
  return [`${formatThings(count, thing)} ${what}: ${advice}`];
}
