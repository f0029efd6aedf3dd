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
  importPrivateKey,
} from "../shared/crypto.ts";
import { FormatError } from "../shared/format_error.ts";
import { findFile, infoFiles } from "../shared/info_files.ts";
import { formatInfoMe, parseInfoMe } from "../shared/info_me.ts";
import type { ClientId } from "../shared/protocol.ts";
import { NOBODY } from "../shared/requests.ts";
import { reasonOf } from "../shared/reason.ts";
import { moveNew, syncFolder, writeNewFile } from "../shared/durable_files.ts";
import {
  FolderError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "./errors.ts";

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
  let path = dir;
  try {
    const found = await findFile(dir, infoFiles.me);
    if (found === undefined) return undefined;
    path = found;
    // Other programs may have written a name that is no UTF-8.
    const text = new TextDecoder().decode(await Deno.readFile(path));
    const { name, clientId, privateKey } = await parseInfoMe(text);
    return { name, clientId, privateKey: await importPrivateKey(privateKey) };
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new FolderError(
      `${path} can't be used: ${reason}`,
      cause instanceof FormatError
        ? "Mend that line, or move the file away and register again"
        : undefined,
      { cause },
    );
  }
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
  const format = (clientId: ClientId) =>
    new TextEncoder().encode(formatInfoMe({ name, clientId, privateKey }));
  const path = `${dir}/${infoFiles.me[0]}`;
  const draft = `${path}.${crypto.randomUUID()}`;
  const keyOnly = `${draft}.part`;
  const complete = `${draft}.new`;

  await explained(
    `Can't write to ${dir}`,
    "Nothing was registered",
    async () => {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
      await writeNewFile(keyOnly, format(NOBODY));
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
    async () => {
      await writeNewFile(complete, format(clientId));
      await moveNew(complete, path);
      await syncFolder(dir);
    },
  );
  await Deno.remove(keyOnly);
  return { name, clientId, privateKey: pair.privateKey };
}

/** @throws {UserError} where the folder holds an identity, of whatever state */
export async function refuseExisting(dir: string): Promise<void> {
  const path = await findFile(dir, infoFiles.me);
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
