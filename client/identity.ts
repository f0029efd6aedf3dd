/**
 * The user's identity in the client's folder: read whoever wrote it, made
 * once, never written over.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import {
  exportPrivateKey,
  exportPublicKey,
  generateKeyPair,
} from "../shared/crypto.ts";
import {
  type ParsedIdentity,
  parseIdentity,
} from "../shared/identity/parse_identity.ts";
import { infoFiles } from "../shared/info_files.ts";
import { formatInfoMe, type InfoMe } from "../shared/own_info_me.ts";
import type { ClientId } from "../shared/protocol.ts";
import { NOBODY } from "../shared/requests.ts";
import { reasonOf } from "../shared/reason.ts";
import { moveNew, syncFolder, writeNewFile } from "../shared/durable_files.ts";
import { NoConnectionError, ServerRefusedError, UserError } from "./errors.ts";
import { pathOfIdentity, readFolderIdentity } from "./identity_file.ts";

/** Who the user is. */
export interface Identity {
  /** The registered name. */
  name: string;
  /** The id that the relay gave. */
  clientId: ClientId;
  /** Opens the keys that others send. */
  privateKey: CryptoKey;
}

/**
 * Reads the identity in a folder.
 *
 * @returns undefined where there is none
 * @throws {FolderError} where it is damaged, with the line; nothing is touched
 */
export async function loadIdentity(
  dir: string,
): Promise<Identity | undefined> {
  const parsed = await parseFolderIdentity(dir);
  if (parsed === undefined) return undefined;
  const { me: { name, clientId }, key } = parsed;
  return { name, clientId, privateKey: key };
}

/**
 * The same with all that is told by the file.
 *
 * @returns undefined where there is none
 * @throws {FolderError} where it is damaged, with the line; nothing is touched
 */
export async function parseFolderIdentity(
  dir: string,
): Promise<ParsedIdentity | undefined> {
  return await readFolderIdentity(dir, parseIdentity);
}

/**
 * Makes a key pair, registers its public key and writes `info.me`.
 *
 * The key is on the disk before the relay is asked, and stays there unless
 * nothing was registered: a name whose key is gone would be lost for good.
 *
 * @param register asks the relay
 * @throws {UserError} where an identity exists, the relay refuses, or the file
 * can't be written
 */
export async function createIdentity(
  dir: string,
  name: string,
  register: (publicKey: Uint8Array) => Promise<ClientId>,
): Promise<Identity> {
  await refuseExisting(dir);
  const pair = await generateKeyPair();
  const privateKey = await exportPrivateKey(pair.privateKey);
  const publicKey = await exportPublicKey(pair.publicKey);
  const path = `${dir}/${infoFiles.me[0]}`;
  const draft = `${path}.${crypto.randomUUID()}`;
  const keyOnly = `${draft}.part`;
  const complete = `${draft}.new`;

  await explained(
    `Can't write to ${dir}`,
    "Nothing was registered",
    async () => {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
      await writeIdentity(keyOnly, { name, clientId: NOBODY, privateKey });
      await syncFolder(dir);
    },
  );
  let clientId: ClientId;
  try {
    clientId = await register(publicKey);
  } catch (error) {
    const nothing = error instanceof ServerRefusedError ||
      error instanceof NoConnectionError;
    if (nothing) {
      await Deno.remove(keyOnly);
      throw error;
    }
    throw new UserError(
      reasonOf(error),
      `If "${name}" is registered now, its private key is in ${keyOnly}`,
      { cause: error },
    );
  }
  await explained(
    `You are registered, but ${path} can't be written`,
    `Your key is in ${keyOnly}, your id is ${encodeHex(clientId)}`,
    () => placeIdentity(dir, { name, clientId, privateKey }, complete),
  );
  await Deno.remove(keyOnly);
  return { name, clientId, privateKey: pair.privateKey };
}

/**
 * Makes an identity that of a folder, replacing none.
 *
 * @param draft where it is written until it is whole
 * @throws {Deno.errors.AlreadyExists} where there is one
 * @throws {Error} where it can't be written
 */
export async function placeIdentity(
  dir: string,
  me: InfoMe,
  draft: string,
): Promise<void> {
  await writeIdentity(draft, me);
  await moveNew(draft, `${dir}/${infoFiles.me[0]}`);
  await syncFolder(dir);
}

async function writeIdentity(path: string, me: InfoMe): Promise<void> {
  await writeNewFile(path, new TextEncoder().encode(formatInfoMe(me)));
}

/**
 * @throws {UserError} where the folder holds an identity, of whatever state
 * @throws {FolderError} where nothing can be found out about that
 */
export async function refuseExisting(dir: string): Promise<void> {
  const path = await pathOfIdentity(dir);
  if (path === undefined) return;
  throw new UserError(
    `You are registered already: ${path} exists`,
    "For another user take another folder with --dir",
  );
}

/** Does work with files; its errors reach the user with these words. */
async function explained(
  what: string,
  hint: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new UserError(`${what}: ${reason}`, hint, { cause });
  }
}
