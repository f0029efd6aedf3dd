/**
 * Registration: creates the user's identity in the client's folder, once. The
 * key is synced to the disk before the request (section 7.1 of docs/protocol.md).
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import {
  formatInfoMe,
  infoFiles,
  type InfoMe,
} from "../../shared/folder/info_files.ts";
import { type ClientId, ZERO_ID } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  moveNew,
  removeIfThere,
  statIfThere,
  syncFolder,
  writeNewFile,
} from "../../shared/folder/durable_files.ts";
import {
  FolderError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "../errors.ts";
import { type Identity, refuseExisting } from "./identity.ts";
import { draftOf, isDraftOf, takeFolder } from "../store/folder.ts";
import {
  exportPrivateKey,
  generateKeyPair,
  importPrivateKey,
  publicKeyOf,
} from "../../shared/crypto/crypto.ts";
import { FormatError } from "../../shared/wire/format_error.ts";

/** Milliseconds to wait for another client that registers in the folder. */
const REGISTER_PATIENCE = 90_000;

/**
 * Registers a name and writes `info.me`. Locks the folder, so that only one of
 * several clients registers.
 *
 * The key's draft is written before the request and kept unless the registration
 * certainly failed, since a name whose key is lost can't be used again. A later
 * registration of the name uses the kept key.
 *
 * @param register sends the request
 * @throws {UserError} where an identity exists, the relay refuses, or the file
 * can't be written
 */
export async function createIdentity(
  dir: string,
  name: string,
  register: (publicKey: Uint8Array) => Promise<ClientId>,
): Promise<Identity> {
  await refuseExisting(dir);
  const isNew = statIfThere(dir) === undefined;
  try {
    return await createInFolder(dir, name, register);
  } catch (error) {
    // Stays if something is in it, such as the key's draft.
    if (isNew) await Deno.remove(dir).catch(() => {});
    throw error;
  }
}

async function createInFolder(
  dir: string,
  name: string,
  register: (publicKey: Uint8Array) => Promise<ClientId>,
): Promise<Identity> {
  using _ = await takeToRegister(dir);
  await refuseExisting(dir);
  const { draft, clientId } = await registerDraft(dir, name, register);
  const path = `${dir}/${infoFiles.me[0]}`;
  const me = { name, clientId, privateKey: draft.pkcs8 };
  try {
    await placeIdentity(dir, me, `${path}.${crypto.randomUUID()}.new`);
  } catch (cause) {
    throw new UserError(
      `You are registered, but ${path} can't be written: ${reasonOf(cause)}`,
      `Your key is in ${draft.path}, your id is ${encodeHex(clientId)}`,
      { cause },
    );
  }
  await discard(draft);
  return { name, clientId, privateKey: draft.privateKey };
}

async function takeToRegister(dir: string): Promise<Disposable> {
  try {
    return await takeFolder(dir, REGISTER_PATIENCE);
  } catch (cause) {
    if (!(cause instanceof FolderError)) throw cause;
    throw cannotWrite(dir, cause);
  }
}

const cannotWrite = (dir: string, cause: unknown) =>
  new UserError(
    `Can't write to ${dir}: ${reasonOf(cause)}`,
    "Nothing was registered",
    { cause },
  );

/** Registers with the kept keys of the name, or with a new one. */
async function registerDraft(
  dir: string,
  name: string,
  register: (publicKey: Uint8Array) => Promise<ClientId>,
): Promise<{ draft: KeptDraft; clientId: ClientId }> {
  let kept: KeptDraft[];
  let drafts: KeptDraft[];
  try {
    kept = await keptDrafts(dir, name);
    drafts = kept.length > 0 ? kept : [await makeDraft(dir, name)];
  } catch (cause) {
    throw cannotWrite(dir, cause);
  }
  for (const draft of drafts) {
    try {
      return { draft, clientId: await register(draft.publicKey) };
    } catch (error) {
      const isRefused = error instanceof ServerRefusedError;
      if (isRefused && kept.length > 0) continue;
      if (isRefused || error instanceof NoConnectionError) {
        if (kept.length === 0) await discard(draft);
        throw error;
      }
      throw new UserError(
        reasonOf(error),
        `Register "${name}" here again to go on; if it is registered now, its private key is in ${draft.path}`,
        { cause: error },
      );
    }
  }
  throw new ServerRefusedError(
    `"${name}" may be yours: an earlier registration got no response, and its private key is in ${
      drafts.map(({ path }) => path).join(", ")
    }. This server doesn't repeat the id`,
  );
}

/** Removes a draft; ignores errors, since the registration's result matters more. */
async function discard({ path }: KeptDraft): Promise<void> {
  await removeIfThere(path).catch(() => {});
}

/**
 * Writes an identity into a folder that has none.
 *
 * @param draft temporary path of the file
 * @throws {Error} where the folder has an identity (`EEXIST`), or it can't be
 * written
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

/** A name, and the key to register it with. */
export interface RegistrationDraft {
  /** The name. */
  name: string;
  /** The private key's PKCS#8. */
  pkcs8: Uint8Array<ArrayBuffer>;
  /** The key itself. */
  privateKey: CryptoKey;
  /** The 160 bytes of its public key. */
  publicKey: Uint8Array<ArrayBuffer>;
}

/** A draft in a client's folder. */
export interface KeptDraft extends RegistrationDraft {
  /** Its file. */
  path: string;
}

/** The format of a draft: that of `info.me`, with zeros for the id. */
const FORM = /^([ -~]{1,254})\n0{32}\n([A-Za-z0-9+/]+=*)\n$/;

/** Reads a draft; undefined where the bytes are anything else. */
export async function readDraft(
  bytes: Uint8Array,
): Promise<RegistrationDraft | undefined> {
  const [, name, key] = FORM.exec(new TextDecoder().decode(bytes)) ?? [];
  if (name === undefined || key === undefined) return undefined;
  try {
    const pkcs8 = Uint8Array.fromBase64(key);
    const privateKey = await importPrivateKey(pkcs8);
    return {
      name,
      pkcs8,
      privateKey,
      publicKey: await publicKeyOf(privateKey),
    };
  } catch (error) {
    const isNone = error instanceof FormatError || error instanceof SyntaxError;
    if (!isNone) throw error;
    return undefined;
  }
}

/** Whether a file has the name of a draft. */
export function isDraftName(name: string): boolean {
  return isDraftOf(infoFiles.me[0], name);
}

/** The drafts for a name in a folder. */
async function keptDrafts(
  dir: string,
  name: string,
): Promise<KeptDraft[]> {
  const drafts: KeptDraft[] = [];
  for await (const entry of Deno.readDir(dir)) {
    if (!entry.isFile || !isDraftName(entry.name)) continue;
    const path = `${dir}/${entry.name}`;
    const draft = await readDraft(await Deno.readFile(path));
    if (draft?.name === name) drafts.push({ ...draft, path });
  }
  return drafts;
}

/** Generates a key and writes its draft, synced once this resolves. */
async function makeDraft(dir: string, name: string): Promise<KeptDraft> {
  const pair = await generateKeyPair();
  const pkcs8 = await exportPrivateKey(pair.privateKey);
  const path = draftOf(`${dir}/${infoFiles.me[0]}`);
  await writeIdentity(path, { name, clientId: ZERO_ID, privateKey: pkcs8 });
  await syncFolder(dir);
  const { privateKey } = pair;
  return {
    name,
    pkcs8,
    privateKey,
    publicKey: await publicKeyOf(privateKey),
    path,
  };
}
