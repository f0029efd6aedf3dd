/**
 * The user's identity in the client's folder: read whoever wrote it, made
 * once, never written over.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import {
  type ParsedIdentity,
  parseIdentity,
} from "../../shared/identity/parse_identity.ts";
import { infoFiles } from "../../shared/folder/info_files.ts";
import { formatInfoMe, type InfoMe } from "../../shared/folder/own_info_me.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  moveNew,
  removeIfThere,
  syncFolder,
  writeNewFile,
} from "../../shared/folder/durable_files.ts";
import {
  FolderError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "../errors.ts";
import { pathOfIdentity, readFolderIdentity } from "./identity_file.ts";
import { type KeptDraft, keptDrafts, makeDraft } from "./registration_draft.ts";
import { takeFolder } from "../transfer/import_folder.ts";

/** Milliseconds to wait for another client that registers in the folder. */
const REGISTER_PATIENCE = 90_000;

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
 * Registers a name and writes `info.me`. The folder is taken before the relay
 * is asked, so that of several clients in it one registers.
 *
 * The key is on the disk before the relay is asked, and stays there unless
 * nothing was registered: a name whose key is gone would be lost for good. A
 * key that was kept so is the one that its name is registered with.
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
  using _ = await takeToRegister(dir);
  await refuseExisting(dir);
  const { draft, clientId } = await registerDraft(dir, name, register);
  const path = `${dir}/${infoFiles.me[0]}`;
  await explained(
    `You are registered, but ${path} can't be written`,
    `Your key is in ${draft.path}, your id is ${encodeHex(clientId)}`,
    () =>
      placeIdentity(
        dir,
        { name, clientId, privateKey: draft.pkcs8 },
        `${path}.${crypto.randomUUID()}.new`,
      ),
  );
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

/** Registers with the keys that are kept for the name, or else with a new one. */
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
        if (isRefused && error.hint === undefined) {
          throw new ServerRefusedError(
            `"${name}" may be taken: register another name`,
          );
        }
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
    `"${name}" may be yours: an earlier registration got no answer, and its private key is in ${
      drafts.map(({ path }) => path).join(", ")
    }. This server doesn't say the id again`,
  );
}

/** What came of it matters more than that its file may stay. */
async function discard({ path }: KeptDraft): Promise<void> {
  await removeIfThere(path).catch(() => {});
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
