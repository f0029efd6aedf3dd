import {
  CURVE_KEY_SIZE,
  deviceId,
} from "../../../../../shared/secure/secure_protocol.ts";
import { clientId } from "../../../../../shared/wire/field_types.ts";
import {
  bytes,
  type Field,
  list,
  record,
  sizedBytes,
  u32,
} from "../../../../../shared/wire/fields.ts";
import type { StoredRecord } from "../../../secure_store.ts";

/** A record with its devices, as the last field of a command. */
export const storedRecord: Field<StoredRecord> = record<StoredRecord>({
  account: clientId,
  version: u32,
  identity: bytes(CURVE_KEY_SIZE),
  bytes: sizedBytes,
  devices: list(record<StoredRecord["devices"][number]>({
    id: deviceId,
    signingKey: bytes(CURVE_KEY_SIZE),
  })),
});
