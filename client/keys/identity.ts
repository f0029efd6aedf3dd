/**
 * The user's identity, and the file that holds it.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { openRegular, readFull } from "../../shared/folder/durable_files.ts";
import {
  findFile,
  infoFiles,
  readOwnInfoMe,
} from "../../shared/folder/info_files.ts";
import { IdentityError } from "../../shared/identity/identity_error.ts";
import {
  type IdentityLayout,
  MAX_IDENTITY_SIZE,
  readIdentityLayout,
} from "../../shared/identity/identity_layout.ts";
import { readPrivateKey } from "../../shared/identity/private_key.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError, UserError } from "../errors.ts";

/** A registered user. */
export interface Identity {
  /** The registered name. */
  name: string;
  /** The id that the relay gave. */
  clientId: ClientId;
  /** Decrypts the symmetric keys that contacts send. */
  privateKey: CryptoKey;
}

/**
 * Reads the identity in a folder.
 *
 * @returns undefined where the folder has none
 * @throws {FolderError} where the file is damaged; names the line
 */
export async function loadIdentity(
  dir: string,
): Promise<Identity | undefined> {
  return await readFolderIdentity(dir, async (bytes) => {
    const own = await readOwn(bytes);
    if (own !== undefined) return own;
    const { parseIdentity } = await import(
      "../../shared/identity/parse_identity.ts"
    );
    const { me: { name, clientId }, key } = await parseIdentity(bytes);
    return { name, clientId, privateKey: key };
  });
}

/** An identity in our own format; undefined where the format differs or is damaged. */
async function readOwn(bytes: Uint8Array): Promise<Identity | undefined> {
  const text = new TextDecoder().decode(bytes);
  const own = readOwnInfoMe(text);
  if (own === undefined) return undefined;
  const [, , base64 = ""] = text.split("\n");
  try {
    const { key } = await readPrivateKey(Uint8Array.fromBase64(base64));
    return { ...own, privateKey: key };
  } catch {
    // `parseIdentity` reports the error.
    return undefined;
  }
}

/**
 * Path of the identity in a folder; undefined where there is none.
 *
 * @throws {FolderError} where the folder can't be read
 */
export async function pathOfIdentity(dir: string): Promise<string | undefined> {
  try {
    return await findFile(dir, infoFiles.me);
  } catch (cause) {
    throw new FolderError(
      `${dir} can't be used: ${reasonOf(cause)}`,
      "See that it is a folder, and that you may read it",
      { cause },
    );
  }
}

/**
 * Reads the identity file of a folder.
 *
 * @param read reads its bytes
 * @returns undefined where there is none
 * @throws {FolderError} where it can't be read or is damaged, with the line
 */
export async function readFolderIdentity<T>(
  dir: string,
  read: (bytes: Uint8Array) => T | Promise<T>,
): Promise<T | undefined> {
  const path = await pathOfIdentity(dir);
  if (path === undefined) return undefined;
  try {
    return await read(await readIdentityBytes(path));
  } catch (cause) {
    const advice = cause instanceof IdentityError
      ? cause.advice
      : "See that it can be read";
    const reason = reasonOf(cause);
    throw new FolderError(`${path} can't be used: ${reason}`, advice, {
      cause,
    });
  }
}

/**
 * Name and id of a folder's user. The key isn't imported.
 *
 * @returns undefined where there is no identity
 * @throws {FolderError} where it can't be read or is damaged, with the line
 */
export async function readFolderLayout(
  dir: string,
): Promise<IdentityLayout | undefined> {
  return await readFolderIdentity(dir, readIdentityLayout);
}

/**
 * The bytes of an identity file, at most one more than the limit.
 *
 * @throws {Error} where it can't be read, or isn't a regular file
 */
export async function readIdentityBytes(path: string): Promise<Uint8Array> {
  using file = await openRegular(path);
  const bytes = new Uint8Array(MAX_IDENTITY_SIZE + 1);
  return bytes.subarray(0, await readFull(file, bytes));
}

/** Reads an identity from a stream; stops above the size limit. */
export async function readIdentityFrom(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array> {
  let bytes = new Uint8Array(0);
  for await (const chunk of stream) {
    bytes = concat([bytes, chunk]);
    if (bytes.length > MAX_IDENTITY_SIZE) break;
  }
  return bytes;
}

/**
 * Refuses a folder that has an identity, even a damaged one.
 *
 * @throws {UserError} where there is one
 * @throws {FolderError} where the folder can't be read
 */
export async function refuseExisting(dir: string): Promise<void> {
  const path = await pathOfIdentity(dir);
  if (path === undefined) return;
  throw new UserError(
    `You are registered already: ${path} exists`,
    "For another user take another folder with --dir",
  );
}
