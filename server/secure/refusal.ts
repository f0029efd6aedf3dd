import { RefusalReason } from "../../shared/secure/secure_protocol.ts";

/**
 * Why a secure request is refused: under the name by which it is counted, the
 * reason that goes out (section 4.3 of docs/secure.md).
 */
export const refusalReasons = {
  unknown_code: RefusalReason.Form,
  wrong_size: RefusalReason.Form,
  bad_format: RefusalReason.Form,
  not_authenticated: RefusalReason.NotAuthenticated,
  unknown_client: RefusalReason.Unknown,
  unknown_target: RefusalReason.Unknown,
  taken: RefusalReason.Taken,
  other_devices: RefusalReason.OtherDevices,
  inbox_full: RefusalReason.Full,
  too_many_devices: RefusalReason.Full,
  ids_used_up: RefusalReason.Full,
  too_large: RefusalReason.TooLarge,
  too_often: RefusalReason.TooOften,
  older_version: RefusalReason.OlderVersion,
  closed: RefusalReason.Closed,
  count_used: RefusalReason.CountUsed,
  // What failed may be tried again with the same bytes, too.
  failed: RefusalReason.OutcomeUnknown,
  unknown: RefusalReason.OutcomeUnknown,
} as const;

/** Why a secure request is refused. */
export type SecureRefusal = keyof typeof refusalReasons;
