/**
 * Registers secure accounts, and lifts legacy ones. Keys and record are on the
 * disk before they are sent; a lost response is healed by authenticating (DSK-1,
 * ENR-6 of docs/secure.md).
 *
 * @module
 */

import { equals } from "@std/bytes";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  exportPrivateKey,
  generateKeyPair,
  importPrivateKey,
  publicKeyOf,
} from "../../shared/crypto/crypto.ts";
import { infoFiles } from "../../shared/folder/info_files.ts";
import { statIfThere } from "../../shared/folder/durable_files.ts";
import { readRecord, signRecord } from "../../shared/secure/account_record.ts";
import {
  generateSigningKey,
  seedOf,
  type SigningKey,
} from "../../shared/secure/ed25519.ts";
import { generateAgreementKey } from "../../shared/secure/package_keys.ts";
import {
  type AccountId,
  drawDeviceId,
  HASH_SIZE,
  RefusalReason,
} from "../../shared/secure/secure_protocol.ts";
import { CLIENT_ID_SIZE } from "../../shared/wire/protocol.ts";
import { Advice, Command } from "../advice.ts";
import { ConnectionError, FolderError, UserError } from "../errors.ts";
import { type Identity, refuseExisting } from "../keys/identity.ts";
import { placeIdentity } from "../keys/registration.ts";
import { STORE_FOLDER, StoreDatabase } from "../store/database.ts";
import {
  draftOf,
  isThere,
  markSecure,
  takeFolder,
  unmarkSecure,
} from "../store/folder.ts";
import {
  discardDrafts,
  discardIdentityKey,
  draftIdentityKey,
  placeIdentityKey,
} from "./identity_key.ts";
import { OwnAccount, type OwnAccountRow } from "./own_account.ts";
import { RefusedError } from "./refused_error.ts";
import type { DeviceKey, SecureConnection } from "./secure_connection.ts";
import type { SecureRelays } from "./secure_link.ts";
import { enrol, proveKey } from "./signed_requests.ts";

/** Milliseconds to wait for another client that registers in the folder. */
const PATIENCE = 90_000;

/** Refusals of a 3003 by a relay that doesn't have the account. */
const STRANGE: readonly RefusalReason[] = [
  RefusalReason.Unknown,
  RefusalReason.NotAuthenticated,
];

/** Runs before an account is sent to a relay. */
type BeforeSending = () => Promise<void>;

/** What a user has to know before a legacy account is lifted (LFT-6). */
export const LIFT_MEANING =
  "Other programs that use this info.me will get no more messages: the relay gives what comes for you to this folder alone, and this can't be undone";

/**
 * Registers a new account under a name, and writes `info.me` and `identity.key`.
 * Goes on with an earlier registration that got no response.
 *
 * @param beforeSending runs before the account is sent
 * @throws {RefusedError} if the relay refuses; nothing of it stays in the folder
 * @throws {UserError} if the folder has an identity, or can't be used
 */
export async function registerAccount(
  dir: string,
  name: string,
  relays: SecureRelays,
  beforeSending: BeforeSending = () => Promise.resolve(),
): Promise<Identity> {
  await refuseExisting(dir);
  const isNew = statIfThere(dir) === undefined;
  try {
    return await registerInFolder(dir, name, relays, beforeSending);
  } catch (error) {
    // Stays if something is in it, such as the keys of a lost response.
    if (isNew) await Deno.remove(dir).catch(() => {});
    throw error;
  }
}

async function registerInFolder(
  dir: string,
  name: string,
  relays: SecureRelays,
  beforeSending: BeforeSending,
): Promise<Identity> {
  using _ = await takeFolder(dir, PATIENCE);
  await refuseExisting(dir);
  return await withAccount(dir, async (own) => {
    const kept = own.find();
    if (kept !== undefined && kept.name !== name) {
      throw new UserError(
        `An earlier registration as "${kept.name}" got no response`,
        new Advice("Go on with it: ", new Command("register", kept.name)),
      );
    }
    const row = kept ?? await makeDraft(dir, own, name);
    const pkcs8 = row.rsaKey ?? missingKey(dir);
    const privateKey = await importPrivateKey(pkcs8);
    if (row.registered === undefined) {
      await new Entry(dir, own, row, privateKey, kept !== undefined)
        .enter(relays, beforeSending);
    }
    const clientId = row.account;
    const path = draftOf(`${dir}/${infoFiles.me[0]}`);
    await placeIdentity(dir, { name, clientId, privateKey: pkcs8 }, path);
    own.forgetRsaKey();
    return { name, clientId, privateKey };
  });
}

function missingKey(dir: string): never {
  throw new FolderError(
    `${dir}/${STORE_FOLDER} has an account, and there is no info.me`,
    "Put your copy of info.me back",
  );
}

/**
 * Gives the folder's legacy account a record. The caller has the user's consent to
 * {@linkcode LIFT_MEANING}.
 *
 * @param identity the folder's
 * @param beforeSending runs before the account is sent
 * @throws {RefusedError} if the relay refuses; the account stays a legacy one
 * @throws {UserError} if the account is a secure one
 */
export async function liftAccount(
  dir: string,
  { name, clientId, privateKey }: Identity,
  relays: SecureRelays,
  beforeSending: BeforeSending = () => Promise.resolve(),
): Promise<void> {
  using _ = await takeFolder(dir, PATIENCE);
  await withAccount(dir, async (own) => {
    const kept = own.find();
    if (kept?.registered !== undefined) {
      throw new UserError("This folder's account is a secure one already");
    }
    if (kept !== undefined && !equals(kept.account, clientId)) {
      throw new UserError(
        `This folder has an unfinished registration as "${kept.name}", and info.me of another account`,
        "Use one folder for each account, with --dir",
      );
    }
    const row = kept ?? await makeDraft(dir, own, name, clientId);
    await new Entry(dir, own, row, privateKey, kept !== undefined)
      .enter(relays, beforeSending);
  });
}

/** Opens the store; removes it again if it was made for an account that isn't kept. */
async function withAccount<T>(
  dir: string,
  work: (own: OwnAccount) => Promise<T>,
): Promise<T> {
  const path = `${dir}/${STORE_FOLDER}`;
  const isNew = !isThere(path);
  const database = new StoreDatabase(dir);
  const own = new OwnAccount(database);
  let isUnused = false;
  try {
    return await work(own);
  } catch (error) {
    isUnused = isNew && own.find() === undefined;
    throw error;
  } finally {
    database.close();
    if (isUnused) await Deno.remove(path, { recursive: true });
  }
}

/**
 * Makes the keys and the first record of an account, synced to the disk.
 *
 * @param lifted the legacy account's id. Default: a new account
 */
async function makeDraft(
  dir: string,
  own: OwnAccount,
  name: string,
  lifted?: AccountId,
): Promise<OwnAccountRow> {
  const identity = await draftIdentityKey(dir);
  try {
    await keepDraft(own, identity, name, lifted);
  } catch (error) {
    await discardDrafts(dir);
    throw error;
  }
  return own.find() ?? missingKey(dir);
}

/** Keeps an account with the keys of its device. */
async function keepDraft(
  own: OwnAccount,
  identity: SigningKey,
  name: string,
  lifted: AccountId | undefined,
): Promise<void> {
  const signingKey = await generateSigningKey();
  const agreement = await generateAgreementKey();
  const device = drawDeviceId();
  const account = lifted ?? drawAccountId();
  const time = Date.now();
  const { bytes: record } = await signRecord({
    version: 1,
    time,
    previous: new Uint8Array(HASH_SIZE),
    identity: identity.publicKey,
    account,
    name,
    devices: [{
      id: device,
      signingKey: signingKey.publicKey,
      agreementKey: agreement.publicKey,
      added: time,
    }],
  }, identity);
  own.draft({
    account,
    name,
    record,
    device,
    signingSeed: await seedOf(signingKey),
    agreementKey: agreement.privateKey,
    rsaKey: lifted === undefined ? await newRsaKey() : undefined,
  }, lifted !== undefined);
}

async function newRsaKey(): Promise<Uint8Array<ArrayBuffer>> {
  return await exportPrivateKey((await generateKeyPair()).privateKey);
}

/** Draws an id without a zero byte (IDN-1). */
function drawAccountId(): AccountId {
  const id = crypto.getRandomValues(new Uint8Array(CLIENT_ID_SIZE));
  while (id.includes(0)) crypto.getRandomValues(id);
  return id as Uint8Array as AccountId;
}

/** Brings an account that is on the disk to a relay. */
class Entry {
  readonly #dir: string;
  readonly #own: OwnAccount;
  readonly #row: OwnAccountRow;
  readonly #rsaKey: CryptoKey;
  /** Whether a relay may have the account. */
  #mayBeIn: boolean;

  /** @param isKept whether an earlier client may have sent it */
  constructor(
    dir: string,
    own: OwnAccount,
    row: OwnAccountRow,
    rsaKey: CryptoKey,
    isKept: boolean,
  ) {
    this.#dir = dir;
    this.#own = own;
    this.#row = row;
    this.#rsaKey = rsaKey;
    this.#mayBeIn = isKept;
  }

  /** Registers the account. Discards it where no relay has it for certain. */
  async enter(
    relays: SecureRelays,
    beforeSending: BeforeSending,
  ): Promise<void> {
    const { identity } = await readRecord(this.#row.record);
    await placeIdentityKey(this.#dir, identity);
    await markSecure(this.#dir);
    const attempt = () => this.#attempt(relays, beforeSending);
    try {
      await attempt().catch((error) => {
        // A response that was lost is the usual reason.
        const isLost = this.#mayBeIn && error instanceof ConnectionError;
        if (!isLost) throw error;
        return attempt();
      });
      this.#own.registered();
    } catch (error) {
      if (this.#mayBeIn) throw this.#unfinished(error);
      this.#own.discard();
      await discardIdentityKey(this.#dir);
      await unmarkSecure(this.#dir);
      throw error;
    }
  }

  async #attempt(
    relays: SecureRelays,
    beforeSending: BeforeSending,
  ): Promise<void> {
    using connection = await relays.connect();
    const device = await OwnAccount.deviceOf(this.#row);
    const mayHaveBeenIn = this.#mayBeIn;
    if (mayHaveBeenIn && await isRegistered(connection, device)) return;
    const { account, record, isLift } = this.#row;
    const proof = isLift === 1
      ? await proveKey(connection, account, this.#rsaKey, record)
      : undefined;
    const publicKey = await publicKeyOf(this.#rsaKey);
    await beforeSending();
    this.#mayBeIn = true;
    try {
      await enrol(connection, { publicKey, account, record, device, proof });
    } catch (error) {
      const isRefused = error instanceof RefusedError &&
        error.reason !== RefusalReason.OutcomeUnknown;
      if (!isRefused) throw error;
      // The relay may have been slow with the request before (ENR-6).
      if (mayHaveBeenIn && await isRegistered(connection, device, true)) return;
      this.#mayBeIn = mayHaveBeenIn && error.reason !== RefusalReason.Taken;
      throw error;
    }
  }

  #unfinished(cause: unknown): UserError {
    const { name, isLift } = this.#row;
    const again = isLift === 1
      ? ["register", name, "--lift"]
      : ["register", name];
    const Kind = cause instanceof ConnectionError ? ConnectionError : UserError;
    return new Kind(
      reasonOf(cause),
      new Advice(
        "Your keys are kept. Go on with ",
        new Command(...again as [string, ...string[]]),
      ),
      { cause },
    );
  }
}

/**
 * Whether the relay knows the device; else the connection has a new nonce.
 *
 * @param isUsed whether the connection's nonce was used
 */
async function isRegistered(
  connection: SecureConnection,
  device: DeviceKey,
  isUsed = false,
): Promise<boolean> {
  if (isUsed) await connection.greet();
  try {
    await connection.authenticate(device, 0, 1);
    return true;
  } catch (error) {
    const isStrange = error instanceof RefusedError &&
      STRANGE.includes(error.reason);
    if (!isStrange) throw error;
    await connection.greet();
    return false;
  }
}
