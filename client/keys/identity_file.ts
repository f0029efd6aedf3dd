/**
 * The file that an identity is in, in the client's folder or anywhere else.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { findFile, infoFiles } from "../../shared/folder/info_files.ts";
import { IdentityError } from "../../shared/identity/identity_error.ts";
import {
  type IdentityLayout,
  MAX_IDENTITY_SIZE,
  readIdentityLayout,
} from "../../shared/identity/identity_layout.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError } from "../errors.ts";
import { openRegular, readFull } from "../session/regular_file.ts";

/**
 * Where the identity of a folder is; undefined where there is none.
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
 * @param read makes something of its bytes
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
 * Who the user of a folder is. The key isn't looked at.
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
 * What is in a file, as far as it can belong to an identity: a byte more than
 * one can have where there is more.
 *
 * @throws {Error} where it can't be read, or is no file
 */
export async function readIdentityBytes(path: string): Promise<Uint8Array> {
  using file = await openRegular(path);
  const bytes = new Uint8Array(MAX_IDENTITY_SIZE + 1);
  return bytes.subarray(0, await readFull(file, bytes));
}

/** Reads as many bytes of a stream as say whether they are an identity. */
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
