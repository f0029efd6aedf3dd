import { inSlice, sumOverSlices } from "./key_slices.ts";
import { type Query, sql } from "./connection/statement.ts";

/** Rows that are counted by one statement. */
const SLICE = 20_000;

const USERS = sql(`SELECT count(*) FROM accounts WHERE ${inSlice("accounts")}`);

const MESSAGES = sql(`SELECT count(*), sum(octet_length(Content) + Rest)::bigint
    FROM messages WHERE ${inSlice("messages")}`);

/** Counts registered users. */
export async function countUsers(query: Query): Promise<number> {
  const [users = 0] = await sumOverSlices(query, "accounts", SLICE, USERS);
  return users;
}

/**
 * Counts users, waiting messages and the bytes of their contents: as of one
 * moment within a transaction that reads so.
 */
export async function countContent(
  query: Query,
): Promise<{ users: number; messages: number; bytes: number }> {
  const users = await countUsers(query);
  const [messages = 0, bytes = 0] = await sumOverSlices(
    query,
    "messages",
    SLICE,
    MESSAGES,
  );
  return { users, messages, bytes };
}
