import { inSlice, sumOverSlices } from "./key_slices.ts";
import { type Query, sql } from "./connection/statement.ts";

/** Rows that are counted by one statement. */
const SLICE = 20_000;

const USERS = sql(`SELECT count(*) FROM accounts WHERE ${inSlice("accounts")}`);

const contentOf = (table: "messages" | "mail") =>
  sql(`SELECT count(*), sum(octet_length(Content) + Rest)::bigint
    FROM ${table} WHERE ${inSlice(table)}`);
const CONTENT = { messages: contentOf("messages"), mail: contentOf("mail") };

const PROFILES = sql(
  `SELECT count(*) FROM profiles WHERE ${inSlice("profiles")}`,
);

/** Counts registered users. */
export async function countUsers(query: Query): Promise<number> {
  const [users = 0] = await sumOverSlices(query, "accounts", SLICE, USERS);
  return users;
}

/** Counts secure accounts, also deleted ones. */
export async function countProfiles(query: Query): Promise<number> {
  const [count = 0] = await sumOverSlices(query, "profiles", SLICE, PROFILES);
  return count;
}

/**
 * Counts users, messages in inboxes and mailboxes, and the bytes of their
 * contents: as of one moment within a transaction that reads so.
 *
 * @param tables the tables that the database has of those with messages
 */
export async function countContent(
  query: Query,
  tables: readonly ("messages" | "mail")[] = ["messages", "mail"],
): Promise<{ users: number; messages: number; bytes: number }> {
  const content = { users: await countUsers(query), messages: 0, bytes: 0 };
  for (const table of tables) {
    const [messages = 0, bytes = 0] = await sumOverSlices(
      query,
      table,
      SLICE,
      CONTENT[table],
    );
    content.messages += messages;
    content.bytes += bytes;
  }
  return content;
}
