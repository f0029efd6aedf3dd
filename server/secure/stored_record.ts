import type { AccountRecord } from "../../shared/secure/account_record.ts";
import type { StoredRecord } from "../store/secure_store.ts";

/** A verified record as stores keep it. */
export function storedRecord(record: AccountRecord): StoredRecord {
  const { account, version, identity, devices, bytes } = record;
  return { account, version, identity, devices, bytes };
}
