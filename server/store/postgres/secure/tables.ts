/**
 * The tables of the secure protocol (section 6 of docs/secure.md). Keys begin
 * with a device's id, which was drawn at random.
 *
 * @module
 */

// LastSeen and LastMessage are those of activity, where a secure account has no
// row; its devices may have been seen later. A device's Waiting and WaitingBytes tell the quota of its mailbox. Their
// row's lock is what makes seqs rise, and sendings of one device come one by one.
// Waiting in taken counts the envelopes that wait. See store_rows.ts for the rest.
export const secureSchema: readonly string[] = [
  `CREATE TABLE profiles (
    ID BYTEA PRIMARY KEY,
    Identity BYTEA NOT NULL,
    Version BIGINT NOT NULL,
    Record BYTEA NOT NULL,
    Closed SMALLINT NOT NULL DEFAULT 0,
    LastSeen TEXT NOT NULL,
    LastMessage BIGINT NOT NULL DEFAULT 0
  )`,
  `CREATE TABLE devices (
    Device BYTEA PRIMARY KEY,
    Account BYTEA NOT NULL,
    SigningKey BYTEA NOT NULL,
    Count BIGINT NOT NULL DEFAULT 0,
    LastSeq BIGINT NOT NULL DEFAULT 0,
    LastPackage BIGINT NOT NULL DEFAULT 0,
    LastSeen BIGINT NOT NULL,
    Waiting BIGINT NOT NULL DEFAULT 0,
    WaitingBytes BIGINT NOT NULL DEFAULT 0
  )`,
  `CREATE INDEX devices_account ON devices (Account)`,
  `CREATE TABLE packages (
    Device BYTEA NOT NULL,
    Number BIGINT NOT NULL,
    Kind SMALLINT NOT NULL,
    Bytes BYTEA NOT NULL,
    PRIMARY KEY (Device, Number)
  )`,
  `CREATE TABLE mail (
    Device BYTEA NOT NULL,
    Seq BIGINT NOT NULL,
    Uid BYTEA NOT NULL,
    Account BYTEA NOT NULL,
    FromDevice BYTEA NOT NULL,
    Flags SMALLINT NOT NULL,
    Arrived BIGINT NOT NULL,
    Expires BIGINT NOT NULL,
    Content BYTEA NOT NULL,
    Rest BIGINT NOT NULL,
    PRIMARY KEY (Device, Seq)
  )`,
  `CREATE TABLE mail_parts (
    Device BYTEA NOT NULL,
    Seq BIGINT NOT NULL,
    Part INTEGER NOT NULL,
    Content BYTEA NOT NULL,
    PRIMARY KEY (Device, Seq, Part)
  )`,
  `CREATE TABLE taken (
    Device BYTEA NOT NULL,
    Uid BYTEA NOT NULL,
    Count BIGINT NOT NULL,
    Digest BYTEA NOT NULL,
    State SMALLINT NOT NULL,
    Time BIGINT NOT NULL,
    Waiting INTEGER NOT NULL,
    Message BIGINT NOT NULL,
    PRIMARY KEY (Device, Uid)
  )`,
  `CREATE UNIQUE INDEX taken_count ON taken (Device, Count) WHERE Count >= 0`,
];

/** The names of the tables. */
export const secureTableNames = [
  "profiles",
  "devices",
  "packages",
  "taken",
  "mail",
  "mail_parts",
] as const;

/** SQL for the last-seen times and the last message ids of all accounts. */
export const INBOX_OWNERS = `(
    SELECT ID, LastSeen, LastMessage FROM activity
    UNION ALL SELECT ID, greatest(LastSeen, (
        SELECT to_char(to_timestamp(max(devices.LastSeen) / 1000.0) AT TIME ZONE 'UTC',
          'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM devices WHERE Account = ID
      ) COLLATE "C") COLLATE "default" AS LastSeen, LastMessage FROM profiles
  ) AS owners`;

/**
 * SQL for the highest count of a device's sendings. `Count` of `devices` is as
 * high as what was told otherwise, so that a sending doesn't write that row.
 *
 * @param device a column with its table: `taken` has a `Device` of its own
 */
export function highestCount(device: string): string {
  return `(SELECT max(taken.Count) FROM taken
    WHERE taken.Device = ${device} AND taken.Count >= 0)`;
}
