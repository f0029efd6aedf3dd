/**
 * Keys of registrations that got no answer. A name may be registered with one
 * of them, and only with it can it be used (section 7.1 of docs/protocol.md).
 *
 * @module
 */

import {
  exportPrivateKey,
  generateKeyPair,
  importPrivateKey,
  publicKeyOf,
} from "../../shared/crypto/crypto.ts";
import { syncFolder, writeNewFile } from "../../shared/folder/durable_files.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { infoFiles } from "../../shared/folder/info_files.ts";
import { formatInfoMe } from "../../shared/folder/own_info_me.ts";
import { ZERO_ID } from "../../shared/wire/protocol.ts";

/** A name, and the key that it is or was to be registered with. */
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

const ENDING = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;
/** An identity in our own form but for its id. */
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

/** Whether a file is called as drafts are. */
export function isDraftName(name: string): boolean {
  const [stem] = infoFiles.me;
  return name.startsWith(stem) && ENDING.test(name.slice(stem.length));
}

/** The drafts for a name that a folder holds. */
export async function keptDrafts(
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

/** Makes a key and writes it down; it is on the disk once this resolves. */
export async function makeDraft(dir: string, name: string): Promise<KeptDraft> {
  const pair = await generateKeyPair();
  const pkcs8 = await exportPrivateKey(pair.privateKey);
  const path = `${dir}/${infoFiles.me[0]}.${crypto.randomUUID()}.part`;
  const text = formatInfoMe({ name, clientId: ZERO_ID, privateKey: pkcs8 });
  await writeNewFile(path, new TextEncoder().encode(text));
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
