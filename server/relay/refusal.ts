/**
 * Why a relay refuses: each reason by the name under which it is counted.
 *
 * @module
 */

import { sendRefusals } from "../store/store.ts";

/** Why a connection is closed at once: one too many of all, or of its address. */
export const connectionRefusals = [
  "connections",
  "connections_per_address",
] as const;

/** Why a connection is closed at once. */
export type ConnectionRefusal = typeof connectionRefusals[number];

/** Why a request gets 9000 though nothing failed. */
export const requestRefusals = [
  "unknown_code",
  "wrong_size",
  "too_large",
  "bad_format",
  "unknown_client",
  "name_taken",
  "registration_limit",
  ...sendRefusals,
] as const;

/** Why a request gets 9000 though nothing failed. */
export type RequestRefusal = typeof requestRefusals[number];
