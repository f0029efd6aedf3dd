/**
 * The database's clock, by which all times in it go: relays that share it may
 * have clocks that differ.
 *
 * @module
 */

/** SQL for the time at which a statement began, in milliseconds since 1970. */
export const NOW: string =
  "(extract(epoch FROM statement_timestamp()) * 1000)::bigint";
