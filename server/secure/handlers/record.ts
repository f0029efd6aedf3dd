import { equals } from "@std/bytes";
import {
  type AccountRecord,
  problemBehind,
  readRecord,
  type RecordProblem,
  toldDevices,
} from "../../../shared/secure/account_record.ts";
import { verify } from "../../../shared/secure/ed25519.ts";
import { deviceBytes } from "../../../shared/secure/signed_bytes.ts";
import type { Greeting } from "../greeting.ts";
import type { SecureRefusal } from "../refusal.ts";
import { refuse, refuseForNow, respond } from "../response.ts";
import { storedRecord } from "../stored_record.ts";
import type { SecureHandler } from "./handler.ts";

/** Devices that an account may have: each gets a copy of a legacy message. */
const MOST_DEVICES = 8;

/** How each problem of a record is refused (RPL-1 to RPL-3). */
const refusals: Readonly<Record<RecordProblem, SecureRefusal>> = {
  "other account": "bad_format",
  "other name": "bad_format",
  "older version": "older_version",
  "second record of the version": "older_version",
  "doesn't follow the record before": "older_version",
  "unneeded succession": "taken",
  "other identity": "taken",
  "other keys of a device": "taken",
};

/** 3009: puts a record in the place of the newest one (RPL-1 to RPL-7). */
export const record: SecureHandler<"record"> = async (
  { record: bytes, signatures },
  { session, store: { secure }, now, rates: { recordDevices }, address },
) => {
  const { greeting } = session;
  if (greeting === undefined) return refuse("not_authenticated");
  // Before any of it is read: this may come from anyone.
  const devices = toldDevices(bytes);
  const at = performance.now();
  if (!recordDevices.admit(address, at, devices)) {
    return refuseForNow(recordDevices.wait(address, at, devices));
  }
  const next = await readRecord(bytes);
  const { account, version } = next;
  const before = await secure.newestRecord(account);
  if (before === undefined) return refuse("unknown_target");
  const known = await readRecord(before);
  const isClosed = await secure.lookUp({ account }) === "closed";
  const isSame = equals(known.bytes, next.bytes);
  if (isSame && !isClosed) return respond("record", { version });
  if (isClosed && (isSame || !equals(known.identity, next.identity))) {
    return refuse("closed");
  }
  const problem = await problemBehind(known, next);
  if (problem !== undefined) return refuse(refusals[problem]);
  if (next.devices.length > MOST_DEVICES) return refuse("too_many_devices");
  if (!(await areNewDevicesSigned(known, next, signatures, greeting))) {
    return refuse("bad_format");
  }
  if (await secure.replaceRecord(storedRecord(next), before, now)) {
    return respond("record", { version });
  }
  // Another record came in between, or a device's id is another account's.
  const newest = await secure.newestRecord(account);
  const isStill = newest !== undefined && equals(newest, before);
  return refuse(isStill ? "taken" : "older_version");
};

/** Whether each device that the record before hasn't consents, in the order of the record. */
async function areNewDevicesSigned(
  known: AccountRecord,
  next: AccountRecord,
  signatures: readonly Uint8Array[],
  greeting: Greeting,
): Promise<boolean> {
  const before = new Set(known.devices.map(({ id }) => id.toHex()));
  const added = next.devices.filter(({ id }) => !before.has(id.toHex()));
  if (added.length !== signatures.length) return false;
  const signed = await deviceBytes(greeting, next.bytes);
  const verified = await Promise.all(
    added.map(({ signingKey }, index) =>
      verify(signingKey, signatures[index] ?? new Uint8Array(0), signed)
    ),
  );
  return verified.every(Boolean);
}
