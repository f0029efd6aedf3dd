/** Secure accounts with one device, whose keys stay in memory, for tests and lab. */

import { signRecord } from "../../../shared/secure/account_record.ts";
import type { AccountRecord } from "../../../shared/secure/account_record.ts";
import {
  generateSigningKey,
  type SigningKey,
} from "../../../shared/secure/ed25519.ts";
import {
  PackageKind,
  signPackage,
} from "../../../shared/secure/key_package.ts";
import {
  type AccountId,
  CURVE_KEY_SIZE,
  type DeviceId,
  drawDeviceId,
  HASH_SIZE,
  KEM_KEY_SIZE,
} from "../../../shared/secure/secure_protocol.ts";
import { PUBLIC_KEY_SIZE } from "../../../shared/wire/protocol.ts";

/** An account with the keys of its only device. */
export interface SecureIdentity {
  /** I. */
  readonly identity: SigningKey;
  /** The device. */
  readonly device: DeviceId;
  /** S. */
  readonly signing: SigningKey;
  /** Its first record. */
  readonly record: AccountRecord;
  /** What stands for the RSA key, 160 bytes; it opens nothing. */
  readonly publicKey: Uint8Array;
}

/** Draws an account with a name. */
export async function drawIdentity(name: string): Promise<SecureIdentity> {
  const [identity, signing] = await Promise.all([
    generateSigningKey(),
    generateSigningKey(),
  ]);
  const device = drawDeviceId();
  const time = Date.now();
  const record = await signRecord({
    version: 1,
    time,
    previous: new Uint8Array(HASH_SIZE),
    identity: identity.publicKey,
    account: drawAccountId(),
    name,
    devices: [{
      id: device,
      signingKey: signing.publicKey,
      agreementKey: random(CURVE_KEY_SIZE),
      added: time,
    }],
  }, identity);
  const publicKey = new Uint8Array(PUBLIC_KEY_SIZE).fill(7);
  return { identity, device, signing, record, publicKey };
}

/**
 * Packages of a device: one weekly, then single-use ones. Their keys are random
 * bytes, which a relay can't tell from others.
 *
 * @param first the number of the weekly one
 */
export async function drawPackages(
  { device, signing }: SecureIdentity,
  singles: number,
  first = 1,
): Promise<Uint8Array[]> {
  const packages: Uint8Array[] = [];
  for (let index = 0; index <= singles; index++) {
    packages.push(
      await signPackage({
        device,
        number: first + index,
        kind: index === 0 ? PackageKind.Weekly : PackageKind.SingleUse,
        agreementKey: random(CURVE_KEY_SIZE),
        kemKey: random(KEM_KEY_SIZE),
        made: Date.now(),
      }, signing),
    );
  }
  return packages;
}

/** An id without a zero byte. */
function drawAccountId(): AccountId {
  const id = random(16).map((byte) => byte || 1);
  return id as Uint8Array as AccountId;
}

function random(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}
