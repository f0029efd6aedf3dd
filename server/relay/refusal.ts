/**
 * Why a relay refuses: each reason by the name under which it is counted.
 *
 * @module
 */

import { sendRefusals } from "../store/store.ts";

/** Why a connection is closed at once: one too many of all, of its address, or of its address within a second. */
export const connectionRefusals = [
  "connections",
  "connections_per_address",
  "handshakes",
] as const;

/** Why a connection is closed at once. */
export type ConnectionRefusal = typeof connectionRefusals[number];

/** Refusals of legacy requests by legacy clients. */
export const legacyRefusals = [
  "unknown_code",
  "wrong_size",
  "too_large",
  "bad_format",
  "unknown_client",
  "name_taken",
  "registration_limit",
  ...sendRefusals,
] as const;

/** Refusals that need an account of the secure protocol. */
export const secureRefusals = [
  "secured_client",
  "not_authenticated",
  "taken",
  "other_devices",
  "too_many_devices",
  "too_often",
  "older_version",
  "closed",
  "count_used",
] as const;

/** Why a request gets 9000 or 4999 though nothing failed. */
export const requestRefusals = [...legacyRefusals, ...secureRefusals] as const;

/** Why a request gets 9000 or 4999 though nothing failed. */
export type RequestRefusal = typeof requestRefusals[number];
