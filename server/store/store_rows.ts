/**
 * The rows that every kind of store has, so that those of one can go into
 * another as they are.
 *
 * @module
 */

/**
 * Number of message ids that each inbox skips after a store went back in time:
 * more than can have arrived in one inbox since. Otherwise ids that clients have
 * seen would be reused. An inbox has ids for 255 jumps.
 */
export const ID_JUMP: number = 2 ** 24;

/** Maximum content bytes in a message's row; the rest is in parts of this size. */
export const PART_SIZE: number = 1024 * 1024;

/** What a column holds, and how its values are read. */
interface Values {
  number: number;
  text: string;
  bytes: Uint8Array;
}

type Column = readonly [name: string, holds: keyof Values];

/**
 * Each table's columns by their keys in a row. A message's recipient and sender
 * come before it, and a message before its parts.
 */
export const storeTables = {
  accounts: {
    position: ["Position", "number"],
    id: ["ID", "bytes"],
    name: ["UserName", "text"],
    publicKey: ["PublicKey", "bytes"],
  },
  activity: {
    position: ["Position", "number"],
    lastSeen: ["LastSeen", "text"],
    lastMessage: ["LastMessage", "number"],
  },
  messages: {
    id: ["ID", "number"],
    recipient: ["ToClient", "bytes"],
    sender: ["FromClient", "bytes"],
    type: ["Type", "number"],
    content: ["Content", "bytes"],
    // Bytes of content that are in parts.
    rest: ["Rest", "number"],
    // Milliseconds since 1970.
    arrived: ["Arrived", "number"],
  },
  parts: {
    recipient: ["ToClient", "bytes"],
    // The message's.
    id: ["ID", "number"],
    // From 1.
    part: ["Part", "number"],
    content: ["Content", "bytes"],
  },
  // Of the secure protocol; times are in milliseconds since 1970.
  profiles: {
    account: ["ID", "bytes"],
    identity: ["Identity", "bytes"],
    version: ["Version", "number"],
    record: ["Record", "bytes"],
    // 1 once the account is deleted.
    closed: ["Closed", "number"],
  },
  devices: {
    device: ["Device", "bytes"],
    account: ["Account", "bytes"],
    signingKey: ["SigningKey", "bytes"],
    // The highest that it told.
    count: ["Count", "number"],
    // At least the highest of what is gone; what is in mail may have higher ones.
    lastSeq: ["LastSeq", "number"],
    // The highest number of a package that was ever published.
    lastPackage: ["LastPackage", "number"],
    lastSeen: ["LastSeen", "number"],
  },
  packages: {
    device: ["Device", "bytes"],
    number: ["Number", "number"],
    kind: ["Kind", "number"],
    bytes: ["Bytes", "bytes"],
  },
  taken: {
    // The sender's.
    device: ["Device", "bytes"],
    uid: ["Uid", "bytes"],
    // -1 for a message to a legacy client.
    count: ["Count", "number"],
    digest: ["Digest", "bytes"],
    state: ["State", "number"],
    time: ["Time", "number"],
    // Envelopes that wait.
    waiting: ["Waiting", "number"],
    // Id of a message to a legacy client; else 0.
    message: ["Message", "number"],
  },
  mail: {
    // The recipient's.
    device: ["Device", "bytes"],
    seq: ["Seq", "number"],
    uid: ["Uid", "bytes"],
    account: ["Account", "bytes"],
    fromDevice: ["FromDevice", "bytes"],
    flags: ["Flags", "number"],
    arrived: ["Arrived", "number"],
    // 0 for a legacy message, which expires with the retention.
    expires: ["Expires", "number"],
    content: ["Content", "bytes"],
    // Bytes of content that are in parts.
    rest: ["Rest", "number"],
  },
  mail_parts: {
    device: ["Device", "bytes"],
    seq: ["Seq", "number"],
    // From 1.
    part: ["Part", "number"],
    content: ["Content", "bytes"],
  },
} as const satisfies Record<string, Record<string, Column>>;

/** The name of a table. */
export type StoreTable = keyof typeof storeTables;

/** The tables, in the order in which they are read. */
export const tableNames = Object.keys(storeTables) as readonly StoreTable[];

/** Numbers of rows, all 0. */
export function noRows(): Record<StoreTable, number> {
  return Object.fromEntries(tableNames.map((table) => [table, 0])) as Record<
    StoreTable,
    number
  >;
}

/** A row of a table, from the values of its columns. */
export function rowOf(table: StoreTable, values: readonly unknown[]): StoreRow {
  const fields = columnsOf(table).map(({ key }, i) => [key, values[i]]);
  return { table, ...Object.fromEntries(fields) } as StoreRow;
}

type ValueOf<C extends Column> = Values[C[1]];

type RowOf<T extends StoreTable> =
  & { table: T }
  & {
    -readonly [F in keyof typeof storeTables[T]]: ValueOf<
      Extract<typeof storeTables[T][F], Column>
    >;
  };

/** A row of a store. Ids of clients are 16 bytes. */
export type StoreRow = { [T in StoreTable]: RowOf<T> }[StoreTable];

/** The columns of a table: key in a row, name, and what they hold. */
export function columnsOf(
  table: StoreTable,
): { key: string; name: string; holds: keyof Values }[] {
  return Object.entries<Column>(storeTables[table])
    .map(([key, [name, holds]]) => ({ key, name, holds }));
}
