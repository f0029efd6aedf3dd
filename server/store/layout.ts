/**
 * What both kinds of store have in common, so that the rows of one can go into
 * the other as they are.
 *
 * @module
 */

/**
 * The version of the tables: in a file `PRAGMA user_version`, which is 0 in those
 * of other programs, in a database a row of the table `relay`.
 */
export const SCHEMA_VERSION = 4;

/** Bytes of a message's content that stand in its row; the rest stands in parts of this size. */
export const PART_SIZE: number = 1024 * 1024;
