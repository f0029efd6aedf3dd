import type { Statement } from "./connection/database.ts";

/** The version of the users, which all relays on a database read once a second. */
export const USERS_VERSION: Statement = {
  name: "users-version",
  quick: true,
  text: "SELECT Value FROM relay WHERE Name = 'removals'",
};

/** Has all relays discard what they cache of users and inboxes. */
export const RAISE_USERS_VERSION: Statement = {
  name: "raise-users-version",
  text: "UPDATE relay SET Value = Value + 1 WHERE Name = 'removals'",
};
