/**
 * The user's identity in the client's folder: read whoever wrote it, made
 * once, never written over.
 *
 * @module
 */

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
import { UserError } from "./errors.ts";

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
 * @throws {UserError} where it is damaged, with the line; nothing is touched
 */
export async function loadIdentity(
  dir: string,
): Promise<Identity | undefined> {
  const path = await findFile(dir, infoFiles.me);
  if (path === undefined) return undefined;
  try {
    // Other programs may have written a name that is no UTF-8.
    const text = new TextDecoder().decode(await Deno.readFile(path));
    const { name, clientId, privateKey } = await parseInfoMe(text);
    return { name, clientId, privateKey: await importPrivateKey(privateKey) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
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
 * The file's place is proven before the relay is asked: a name that is
 * registered without its key being kept would be lost for good.
 *
 * @param register asks the relay
 * @throws {UserError} where an identity exists, or the file can't be written
 */
export async function createIdentity(
  dir: string,
  name: string,
  register: (publicKey: Uint8Array) => Promise<ClientId>,
): Promise<Identity> {
  await refuseExisting(dir);
  const pair = await generateKeyPair();
  const privateKey = await exportPrivateKey(pair.privateKey);
  const draft = `${dir}/${infoFiles.me[0]}.${crypto.randomUUID()}.part`;
  let registered = false;
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    await writeNew(draft, formatInfoMe({ name, clientId: NOBODY, privateKey }));
    const clientId = await register(await exportPublicKey(pair.publicKey));
    registered = true;
    await Deno.remove(draft);
    await writeNew(draft, formatInfoMe({ name, clientId, privateKey }));
    // Unlike a rename, a link never replaces what is there.
    await Deno.link(draft, `${dir}/${infoFiles.me[0]}`);
    registered = false;
    return { name, clientId, privateKey: pair.privateKey };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `Can't write the identity to ${dir}: ${reason}`,
      registered
        ? `You are registered; move ${draft} to ${infoFiles.me[0]}`
        : "Nothing was registered",
      { cause },
    );
  } finally {
    if (!registered) await Deno.remove(draft).catch(ignoreMissing);
  }
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

/** Writes a file that only its owner can read, down to the disk. */
async function writeNew(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  await file.sync();
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
