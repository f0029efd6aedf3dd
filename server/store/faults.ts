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

/** A fault of the rows of a table. */
export interface Rule<Table extends string = string> {
  table: Table;
  /** SQL that holds for a row with the fault. */
  where: string;
  /** What a row is. */
  thing: string;
  /** What is wrong with it. */
  what: string;
  /** SQL that repairs it, or `delete` to delete the rows. Default: only a backup does. */
  repair?: string;
  /** What repairs it if SQL doesn't. Default: a backup. */
  advice?: string;
}

/** The SQL in which kinds of store differ. */
export interface RuleSql<Table extends string> {
  /** The rows that accounts have in `activity`, or instead of one there. Default: that table. */
  activity?: string;
  /** The column by which rows of `activity` belong to those of `accounts`. */
  key: string;
  /** The function for the size of bytes. */
  size: string;
  /** SQL that holds for values of another type, followed by OR; empty if there are none. */
  isnt(column: string, type: "blob" | "integer"): string;
  /** The inboxes that have used up their ids. */
  usedUp: { table: Table; where: string };
}

/** What must hold in every kind of store, table by table. */
export function rulesOf<Table extends string>(
  { activity = "activity", key, size, isnt, usedUp }: RuleSql<Table>,
): Rule<Table | "accounts" | "activity" | "messages" | "parts">[] {
  const without = (table: string, where: string) =>
    `NOT EXISTS (SELECT 1 FROM ${table} WHERE ${where})`;
  const isntBytes = (column: string, bytes: number) =>
    `${isnt(column, "blob")} ${size}(${column}) <> ${bytes}`;
  const sameUser = `activity.${key} = accounts.${key}`;
  const sameMessage =
    "messages.ToClient = parts.ToClient AND messages.ID = parts.ID";
  return [
    {
      table: "accounts",
      where: without(`${activity} AS activity`, sameUser),
      thing: "user",
      what: "without a row in activity",
    },
    {
      table: "accounts",
      where: `${isntBytes("ID", CLIENT_ID_SIZE)} OR ${
        isntBytes("PublicKey", PUBLIC_KEY_SIZE)
      }`,
      thing: "user",
      what:
        `with an id or a key that isn't ${CLIENT_ID_SIZE} or ${PUBLIC_KEY_SIZE} bytes`,
    },
    {
      table: "activity",
      where: without("accounts", sameUser),
      thing: "row",
      what: "in activity without a user",
      repair: "delete",
    },
    {
      table: "activity",
      where: `LastMessage NOT BETWEEN 0 AND ${MAX_MESSAGE_ID}`,
      thing: "user",
      what: `with a last message that isn't from 0 to ${MAX_MESSAGE_ID}`,
    },
    {
      ...usedUp,
      thing: "user",
      what: "whose inbox has used up its ids and takes no message",
      advice: RESTART_IDS,
    },
    {
      table: "messages",
      where: without("accounts", "accounts.ID = messages.ToClient"),
      thing: "message",
      what: "without a registered recipient",
      repair: "delete",
    },
    {
      table: "messages",
      where: `${isnt("ID", "integer")} ID NOT BETWEEN 1 AND ${MAX_MESSAGE_ID}`,
      thing: "message",
      what: `with an id that isn't from 1 to ${MAX_MESSAGE_ID}`,
    },
    {
      table: "messages",
      // Parts of a message that has none are parts of no message.
      where:
        `Rest <> 0 AND Rest <> (SELECT coalesce(sum(${size}(parts.Content)), 0)
        FROM parts WHERE ${sameMessage})`,
      thing: "message",
      what: "with more or less in its parts than it says",
    },
    {
      table: "parts",
      where: without("messages", `${sameMessage} AND Rest > 0`),
      thing: "part",
      what: "of no message",
      repair: "delete",
    },
  ];
}

/**
 * Describes a fault, with what to do about it.
 *
 * @param count number of rows that have it
 * @param restore how a backup is restored
 * @param run what SQL is run with, once no relay runs
 * @returns a sentence; none if no row has it
 */
export function describeFault(
  { table, where, thing, what, repair, advice }: Rule,
  count: number,
  { restore, run }: { restore: string; run: string },
): string[] {
  if (count === 0) return [];
  const sql = repair === "delete"
    ? `DELETE FROM ${table} WHERE ${where}`
    : repair;
  const repairs = advice ??
    restore + (sql === undefined ? "" : `, or ${run} "${sql}"`);
  return [`${formatThings(count, thing)} ${what}: ${repairs}`];
}
