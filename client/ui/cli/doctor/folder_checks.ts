/**
 * Checks of the client's folder: permissions, identity, store, relay addresses
 * and free space.
 *
 * @module
 */

import { keyWarning } from "../../../../shared/identity/private_key.ts";
import { findFile, infoFiles } from "../../../../shared/folder/info_files.ts";
import {
  type Address,
  formatAddress,
} from "../../../../shared/folder/info_server.ts";
import { freeSpace } from "../../../../shared/folder/durable_files.ts";
import { addressFinder } from "../../../link/relays.ts";
import type { Session } from "../../../session/session.ts";
import { STORE_FOLDER } from "../../../store/database.ts";
import { finishImport } from "../../../transfer/finish_import.ts";
import { UnreadMessages } from "../../../session/unread_messages.ts";
import {
  bad,
  type Finding,
  ok,
  warning,
} from "../../../../shared/cli/finding.ts";

const MIB = 1024 * 1024;
/** Senders listed by name. */
const MOST_NAMED = 5;
/** Free space in bytes below which the check fails. */
const LITTLE_ROOM = 64 * MIB;

/** Checks the permissions of the folder and of the key in it. */
export async function checkFolder(dir: string): Promise<Finding> {
  const found = await findFile(dir, infoFiles.me);
  const paths = [dir, ...(found === undefined ? [] : [found])];
  const open: string[] = [];
  for (const path of paths) {
    const { mode } = await Deno.stat(path);
    // Others may list the folder, but not change it, nor read the key.
    const theirs = path === dir ? 0o022 : 0o077;
    if (mode !== null && (mode & theirs) !== 0) {
      open.push(`${path} (${(mode & 0o777).toString(8)})`);
    }
  }
  if (open.length === 0) {
    return ok(`${dir} and your key are accessible to you alone`);
  }
  return warning(
    `Other users can access ${open.join(" and ")}`,
    "chmod 700 the folder and chmod 600 the file",
  );
}

/** Checks that the user is registered with a usable key. */
export async function checkIdentity(session: Session): Promise<Finding> {
  const me = await session.identity();
  if (me === undefined) {
    return warning("This folder has no registered user", "register NAME");
  }
  const problem = await keyWarning(me.privateKey);
  if (problem !== undefined) {
    return warning(
      `You are ${me.name}. ${problem}`,
      "If others can't send to you, register another name in another folder",
    );
  }
  return ok(`You are ${me.name}, and your key is usable`);
}

/** Checks that the store is intact. */
export async function checkStore(
  dir: string,
  session: Session,
): Promise<Finding> {
  if (await findFile(dir, [STORE_FOLDER]) === undefined) {
    return ok("There is no store yet");
  }
  const problems = session.store.database.check();
  if (
    problems.length === 0 && session.store.database.unwritable !== undefined
  ) {
    return bad(
      `${dir}/${STORE_FOLDER} is whole, but can only be read: ${session.store.database.unwritable}`,
      "Make room there, or see that it can be written",
    );
  }
  if (problems.length === 0) return ok(`${dir}/${STORE_FOLDER} is whole`);
  return bad(
    `${dir}/${STORE_FOLDER} is damaged: ${problems[0]}`,
    "Copy the folder, and put back a file that export made",
  );
}

/** Finishes an interrupted import. */
export async function checkImport(dir: string): Promise<Finding> {
  await finishImport(dir);
  return ok("The interrupted import is finished");
}

/** Checks for messages that wait for a key. */
export async function checkUnread(
  dir: string,
  session: Session,
): Promise<Finding> {
  const { files, bytes, messages, senders } = await new UnreadMessages(dir)
    .summary();
  if (files === 0) return ok("No message waits for a key");
  const ids = new Set(senders.map((id) => id.toHex()));
  const names = session.contacts.all()
    .filter(({ contactId }) => ids.delete(contactId.toHex()))
    .map(({ name }) => name);
  const from = [...names, ...ids].slice(0, MOST_NAMED).join(", ");
  return warning(
    `${messages} messages${from && ` from ${from}`}, ${
      Math.ceil(bytes / 1024)
    } KiB in ${files} files, wait for a key (info.unread.*)`,
    `${
      names[0] === undefined ? "" : `request-key ${names[0]} asks for it; `
    }messages without a key are deleted after 60 days`,
  );
}

/** Checks the configured addresses of relays. */
export async function checkAddress(
  parts: { dir: string; server: readonly Address[] | undefined },
): Promise<Finding> {
  let missing = false;
  const addresses = await addressFinder(parts, () => missing = true)();
  const where = addresses.map(formatAddress).join(", ");
  if (parts.server !== undefined) return ok(`${where}, from --server`);
  if (!missing) return ok(`${where}, from ${infoFiles.server[0]}`);
  return warning(
    `No ${infoFiles.server[0]}: ${where} is tried`,
    `Write ADDRESS:PORT into ${parts.dir}/${infoFiles.server[0]}`,
  );
}

/** Checks the free space of a folder; `what` names its purpose. */
export async function checkRoom(path: string, what: string): Promise<Finding> {
  const free = await freeSpace(path);
  if (free === undefined) {
    return warning(
      `The free space for ${what} is unknown`,
      "Give the client --allow-sys=statfs",
    );
  }
  const text = `${Math.floor(free / MIB)} MiB free for ${what}`;
  return free < LITTLE_ROOM ? bad(text, `Make room in ${path}`) : ok(text);
}

/** The folder for received files. */
export async function temporaryFolder(): Promise<string> {
  const probe = await Deno.makeTempDir({ prefix: "messageu-" });
  await Deno.remove(probe);
  return probe.slice(
    0,
    Math.max(probe.lastIndexOf("/"), probe.lastIndexOf("\\")),
  );
}
