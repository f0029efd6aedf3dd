/**
 * The packages of devices: published by them, handed out to others.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { PackageKind } from "../../../../shared/secure/key_package.ts";
import type {
  AccountId,
  DeviceId,
} from "../../../../shared/secure/secure_protocol.ts";
import type { ClaimedPackages, NewPackage } from "../../secure_store.ts";
import { type Query, sql } from "../connection/statement.ts";
import { idAt, PackedBytes } from "../packed_bytes.ts";

// The same statement deletes what it hands out: a package that another claim
// has locked is that one's. A device that is asked for twice counts once, so the
// claim finds fewer than it asks for.
const CLAIM = sql(`WITH asked AS MATERIALIZED (
    SELECT DISTINCT ON (d.Device) d.Device, n, (SELECT Bytes FROM packages AS p
      WHERE p.Device = d.Device AND Kind = ${PackageKind.Weekly}
      ORDER BY Number DESC LIMIT 1) AS weekly
    FROM (SELECT ${idAt("$2", "n")} AS device, n
      FROM generate_series(1, $3::int) AS n) AS ids
    JOIN devices AS d ON d.Device = ids.device AND d.Account = $1
    ORDER BY d.Device
  ), found AS MATERIALIZED (
    SELECT Device, n, weekly FROM asked
    WHERE (SELECT count(weekly) FROM asked) = $3
  ), oldest AS MATERIALIZED (
    SELECT found.Device, next.Number FROM found CROSS JOIN LATERAL (
      SELECT Number FROM packages AS p
      WHERE p.Device = found.Device AND Kind = ${PackageKind.SingleUse}
      ORDER BY Number LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS next WHERE $4::bool
  ), single AS (
    DELETE FROM packages AS p USING oldest AS o
    WHERE p.Device = o.Device AND p.Number = o.Number
    RETURNING p.Device, p.Bytes
  )
  SELECT found.Device, weekly, Bytes
  FROM found LEFT JOIN single ON single.Device = found.Device ORDER BY n`);

/**
 * Hands out packages: see `SecureStore.claim`.
 *
 * @throws {OutcomeUnknownError} if the connection breaks: then single-use ones
 * may be lost, but no one comes twice
 */
export async function claimPackages(
  query: Query,
  account: AccountId,
  devices: readonly DeviceId[],
  withSingle: boolean,
): Promise<readonly ClaimedPackages[] | undefined> {
  const rows = await query<[DeviceId, Uint8Array, Uint8Array | null]>(CLAIM, [
    account,
    concat(devices),
    devices.length,
    `${withSingle}`,
  ]);
  if (rows.length < devices.length) return undefined;
  return rows.map(([device, weekly, single]) => ({
    device,
    weekly,
    single: single ?? undefined,
  }));
}

// Only the newest weekly package is handed out, so that older ones go. Rows of
// the statement itself count as those that are there.
const PUBLISH = sql(`WITH device AS MATERIALIZED (
    SELECT Device, LastPackage FROM devices WHERE Device = $1 FOR UPDATE
  ), fresh AS MATERIALIZED (
    SELECT DISTINCT ON (number) device.Device, number, kind, substring($2::bytea FROM start FOR size) AS bytes
    FROM unnest($3::bigint[], $4::smallint[], $5::int[], $6::int[])
      AS u (number, kind, start, size)
    JOIN device ON number > device.LastPackage
    ORDER BY number
  ), kept AS (
    INSERT INTO packages (Device, Number, Kind, Bytes)
    SELECT Device, number, kind, bytes FROM fresh
  ), raised AS (
    UPDATE devices SET LastPackage = (SELECT max(number) FROM fresh)
    WHERE Device IN (SELECT Device FROM fresh)
  ), older AS (
    DELETE FROM packages AS p WHERE p.Device = $1 AND Kind = ${PackageKind.Weekly}
      AND EXISTS (SELECT 1 FROM fresh WHERE fresh.kind = ${PackageKind.Weekly})
  )
  SELECT (SELECT count(*) FROM packages
      WHERE Device = $1 AND Kind = ${PackageKind.SingleUse})
    + (SELECT count(*) FROM fresh WHERE kind = ${PackageKind.SingleUse})
  FROM device`);

/** Keeps packages of a device: see `SecureStore.publish`. */
export async function publishPackages(
  query: Query,
  device: DeviceId,
  packages: readonly NewPackage[],
): Promise<number> {
  const pieces = new PackedBytes();
  const starts = packages.map(({ bytes }) => pieces.add(bytes));
  const [row] = await query<[number]>(PUBLISH, [
    device,
    pieces.bytes(),
    packages.map(({ number }) => number),
    packages.map(({ kind }) => kind),
    starts,
    packages.map(({ bytes }) => bytes.length),
  ]);
  return row?.[0] ?? 0;
}
