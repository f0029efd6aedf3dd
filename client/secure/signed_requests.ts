/**
 * Requests that carry signatures over the connection's nonce (section 3.2 of
 * docs/secure.md); {@linkcode SecureConnection.authenticate} is another one.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { AccountRecord } from "../../shared/secure/account_record.ts";
import { sign, type SigningKey } from "../../shared/secure/ed25519.ts";
import { signRegistration } from "../../shared/secure/registration.ts";
import {
  type AccountId,
  PROOF_SIZE,
} from "../../shared/secure/secure_protocol.ts";
import {
  challengeLabel,
  deletionBytes,
  liftProof,
} from "../../shared/secure/signed_bytes.ts";
import { ConnectionError } from "../errors.ts";
import type { DeviceKey, SecureConnection } from "./secure_connection.ts";

/** An account to register. */
export interface Enrolment {
  /** The RSA key for legacy senders, 160 bytes. */
  readonly publicKey: Uint8Array;
  /** The account's id. */
  readonly account: AccountId;
  /** The account's record. */
  readonly record: Uint8Array;
  /** A device of it. */
  readonly device: DeviceKey;
  /** What {@linkcode proveKey} made, for a lift. */
  readonly proof?: Uint8Array | undefined;
}

/**
 * 3001: registers an account with the nonce of the connection's hello.
 *
 * @throws {RefusedError} if the name or an id is taken
 * @throws {ConnectionError} if the relay tells another account
 */
export async function enrol(
  connection: SecureConnection,
  { publicKey, account, record, device, proof }: Enrolment,
): Promise<void> {
  const registration = await signRegistration(
    { publicKey, record, proof },
    connection.binding,
    device.signingKey,
  );
  connection.sendAs(device.id);
  const told = await connection.request("register", registration);
  if (equals(told.account, account)) return;
  throw new ConnectionError(
    "The relay told that it registered another account",
    "Tell the relay's operator",
  );
}

/**
 * 3002: proves to have a legacy account's RSA key. What the challenge holds isn't
 * told to the relay (LFT-3).
 *
 * @param privateKey the RSA key
 * @returns 32 bytes for {@linkcode Enrolment.proof}
 * @throws {RefusedError} if the relay has no such legacy account
 * @throws {ConnectionError} if the challenge isn't for this key
 */
export async function proveKey(
  connection: SecureConnection,
  account: AccountId,
  privateKey: CryptoKey,
  record: Uint8Array,
): Promise<Uint8Array> {
  const { encrypted } = await connection.request("challenge", { account });
  const { binding } = connection;
  let opened: Uint8Array;
  try {
    opened = new Uint8Array(
      await crypto.subtle.decrypt(
        { name: "RSA-OAEP", label: challengeLabel(binding) },
        privateKey,
        encrypted as Uint8Array<ArrayBuffer>,
      ),
    );
  } catch (cause) {
    throw unfit({ cause });
  }
  if (opened.length !== PROOF_SIZE) throw unfit();
  return await liftProof(binding, opened, record);
}

function unfit(options?: ErrorOptions): ConnectionError {
  return new ConnectionError(
    "The relay's challenge doesn't open with the key in info.me",
    "Is this folder registered at this relay?",
    options,
  );
}

/**
 * 3012: deletes the account.
 *
 * @param identity I
 */
export async function deleteAccount(
  connection: SecureConnection,
  { account }: Pick<AccountRecord, "account">,
  identity: SigningKey,
): Promise<void> {
  const signed = deletionBytes(connection.binding, account);
  await connection.request("delete", {
    signature: await sign(identity, signed),
  });
}
