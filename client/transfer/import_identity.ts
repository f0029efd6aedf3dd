/**
 * Imports an identity from a file that another program has written.
 *
 * @module
 */

import { basename } from "node:path";
import { IdentityError } from "../../shared/identity/identity_error.ts";
import {
  type ParsedIdentity,
  parseIdentity,
} from "../../shared/identity/parse_identity.ts";
import { removeIfThere } from "../../shared/folder/durable_files.ts";
import { infoFiles } from "../../shared/folder/info_files.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError, ServerRefusedError, UserError } from "../errors.ts";
import {
  isDraftName,
  placeIdentity,
  readDraft,
  type RegistrationDraft,
} from "../keys/registration.ts";
import {
  pathOfIdentity,
  readIdentityBytes,
  readIdentityFrom,
  refuseExisting,
} from "../keys/identity.ts";
import { databaseKind } from "./archive_form.ts";
import { draftOf, READY, removeDraftsOf, takeFolder } from "../store/folder.ts";
import { finishImport } from "./finish_import.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** The path of an identity's file, or standard input. */
type Source = string | ReadableStream<Uint8Array>;

/**
 * Imports the identity in a file into a folder without an identity, atomically.
 * The file isn't changed.
 *
 * @param source the file's path, or standard input
 * @param register asks the relay for the id, where the file is the draft of a
 * registration without a response
 * @throws {UserError} where the folder has an identity, or the file has no
 * usable one
 * @throws {FolderError} where it can't be written
 */
export async function importIdentity(
  dir: string,
  source: Source,
  register: Register,
): Promise<ParsedIdentity> {
  await finishImport(dir);
  await refuseItself(dir, source);
  await refuseExisting(dir);
  const found = await parse(source);
  using _ = await takeFolder(dir);
  await refuseExisting(dir);
  const parsed = "me" in found
    ? found
    : await registered(found, source, register);
  const ready = `${dir}/${READY}`;
  const draft = draftOf(ready);
  try {
    await placeIdentity(dir, parsed.me, draft);
    // Not earlier: the source may be such a draft.
    await removeDraftsOf(ready);
  } catch (cause) {
    await removeIfThere(draft);
    // Another client may have registered meanwhile.
    await refuseExisting(dir);
    throw new FolderError(
      `${dir}/${infoFiles.me[0]} can't be written: ${reasonOf(cause)}`,
      "See that the folder can be written and has room",
      { cause },
    );
  }
  return parsed;
}

/** Refuses to import the folder's own identity. */
async function refuseItself(dir: string, source: Source): Promise<void> {
  const path = await pathOfIdentity(dir);
  if (path === undefined || typeof source !== "string") return;
  const [own, given] = await Promise.all(
    [path, source].map((each) => Deno.realPath(each).catch(() => each)),
  );
  if (own !== given) return;
  throw new UserError(
    `${path} is the identity of ${dir} already`,
    "It is used as it is: nothing has to be imported",
  );
}

/** Asks the relay to register a name with a key, and for the id. */
export type Register = (
  name: string,
  publicKey: Uint8Array,
) => Promise<ClientId>;

/** Completes a registration that got no response. */
async function registered(
  { name, pkcs8, privateKey, publicKey }: RegistrationDraft,
  source: Source,
  register: Register,
): Promise<ParsedIdentity> {
  let clientId: ClientId;
  try {
    clientId = await register(name, publicKey);
  } catch (error) {
    if (!(error instanceof ServerRefusedError)) throw error;
    throw new ServerRefusedError(
      `"${name}" has another key at this server, or the server doesn't repeat the id. Where you know the id, put it in the place of the zeros in a copy of ${
        nameOf(source)
      }`,
    );
  }
  return {
    me: { name, clientId, privateKey: pkcs8 },
    key: privateKey,
    found: [`a registration of "${name}" that got no response`],
    warnings: [],
  };
}

async function parse(
  source: Source,
): Promise<ParsedIdentity | RegistrationDraft> {
  try {
    const bytes = await read(source);
    refuseDatabase(bytes);
    const draft = isDraftName(basename(nameOf(source)))
      ? await readDraft(bytes)
      : undefined;
    return draft ?? await parseIdentity(bytes);
  } catch (cause) {
    throw new UserError(
      `${nameOf(source)} can't be imported: ${reasonOf(cause)}`,
      cause instanceof IdentityError ? cause.advice : undefined,
      { cause },
    );
  }
}

function nameOf(source: Source): string {
  return typeof source === "string" ? source : "Standard input";
}

async function read(source: Source): Promise<Uint8Array> {
  if (typeof source !== "string") return await readIdentityFrom(source);
  try {
    if (!(await Deno.stat(source)).isDirectory) {
      return await readIdentityBytes(source);
    }
  } catch (cause) {
    if (!hasCode(cause, "ENOENT")) throw cause;
    throw new IdentityError(
      "it isn't there",
      `Other programs call theirs ${infoFiles.me.slice(1).join(" or ")}`,
      { cause },
    );
  }
  throw new IdentityError(
    "it is a folder",
    `Name the file in it: ${infoFiles.me.join(", ")}`,
  );
}

function refuseDatabase(bytes: Uint8Array): void {
  const kind = databaseKind(bytes);
  if (kind === undefined) return;
  throw kind === "archive"
    ? new IdentityError(
      "it is what export made",
      "Take it over with: import FILE",
    )
    : new IdentityError(
      "it is an SQLite database, as a relay's db.defensive is",
      `Expected the client's file: ${infoFiles.me.join(", ")}`,
    );
}
