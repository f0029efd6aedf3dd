/**
 * What can be wrong between the tables of the secure protocol.
 *
 * @module
 */

import { PACKAGE_SIZE } from "../../shared/secure/key_package.ts";
import {
  CURVE_KEY_SIZE,
  DEVICE_ID_SIZE,
  SendingState,
} from "../../shared/secure/secure_protocol.ts";
import type { Rule, RuleSql } from "./faults.ts";

/** The tables that the rules are about. */
type SecureTable =
  | "profiles"
  | "devices"
  | "packages"
  | "taken"
  | "mail"
  | "mail_parts";

/** What must hold in every kind of store for secure accounts, table by table. */
export function secureRulesOf(
  { size, isnt }: Pick<RuleSql<never>, "size" | "isnt">,
): Rule<SecureTable>[] {
  const without = (table: string, where: string) =>
    `NOT EXISTS (SELECT 1 FROM ${table} WHERE ${where})`;
  const isntBytes = (column: string, bytes: number) =>
    `${isnt(column, "blob")} ${size}(${column}) <> ${bytes}`;
  const withoutDevice = (
    table: "packages" | "taken" | "mail",
    thing: string,
  ): Rule<SecureTable> => ({
    table,
    where: without("devices", `devices.Device = ${table}.Device`),
    thing,
    what: `in ${table} of no device`,
    repair: "delete",
  });
  const lost = `State = ${SendingState.Waits} AND Waiting < 1
    OR State NOT BETWEEN ${SendingState.Waits} AND ${SendingState.Unknown}`;
  const sameMail =
    "mail.Device = mail_parts.Device AND mail.Seq = mail_parts.Seq";
  return [
    {
      table: "profiles",
      where: without("accounts", "accounts.ID = profiles.ID"),
      thing: "record",
      what: "of no user",
      repair: "delete",
    },
    {
      table: "devices",
      where: without(
        "profiles",
        "profiles.ID = devices.Account AND profiles.Closed = 0",
      ),
      thing: "device",
      what: "of no open account",
      repair: "delete",
    },
    {
      table: "devices",
      where: `${isntBytes("Device", DEVICE_ID_SIZE)} OR ${
        isntBytes("SigningKey", CURVE_KEY_SIZE)
      }`,
      thing: "device",
      what:
        `with an id or a key that isn't ${DEVICE_ID_SIZE} or ${CURVE_KEY_SIZE} bytes`,
    },
    withoutDevice("packages", "package"),
    {
      table: "packages",
      where: isntBytes("Bytes", PACKAGE_SIZE),
      thing: "package",
      what: `that isn't ${PACKAGE_SIZE} bytes`,
      repair: "delete",
    },
    withoutDevice("taken", "sending"),
    {
      table: "taken",
      where: lost,
      thing: "sending",
      what: "that waits without a message, or in no state",
      repair:
        `UPDATE taken SET State = ${SendingState.Expired}, Waiting = 0 WHERE ${lost}`,
    },
    withoutDevice("mail", "message"),
    {
      table: "mail",
      where: `${isnt("Seq", "integer")} Seq < 1`,
      thing: "message",
      what: "in mail with a position below 1",
    },
    {
      table: "mail",
      where:
        `Rest <> 0 AND Rest <> (SELECT coalesce(sum(${size}(mail_parts.Content)), 0)
        FROM mail_parts WHERE ${sameMail})`,
      thing: "message",
      what: "in mail with more or less in its parts than it says",
    },
    {
      table: "mail_parts",
      where: without("mail", `${sameMail} AND Rest > 0`),
      thing: "part",
      what: "of no message in mail",
      repair: "delete",
    },
  ];
}
