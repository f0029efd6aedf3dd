/**
 * Checks of the client's folder: who may read it, who the user is, whether the
 * store is whole, where the relay is said to be, and how much room there is.
 *
 * @module
 */

import { keyWarning } from "../../../../shared/identity/private_key.ts";
import { findFile, infoFiles } from "../../../../shared/folder/info_files.ts";
import {
  type Address,
  formatAddress,
} from "../../../../shared/folder/info_server.ts";
import { freeSpace } from "../../../../shared/folder/free_space.ts";
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

/** Bytes of a MiB. */
const MIB = 1024 * 1024;
/** Senders that are named. */
const MOST_NAMED = 5;
/** Bytes below which there is too little room to keep what comes. */
const LITTLE_ROOM = 64 * MIB;

/** Checks who may read the folder and the key in it. */
export async function checkFolder(dir: string): Promise<Finding> {
  const found = await findFile(dir, infoFiles.me);
  const paths = [dir, ...(found === undefined ? [] : [found])];
  const open: string[] = [];
  for (const path of paths) {
    const { mode } = await Deno.stat(path);
    // A folder that others can list is one thing, a key that they can read another.
    const theirs = path === dir ? 0o022 : 0o077;
    if (mode !== null && (mode & theirs) !== 0) {
      open.push(`${path} (${(mode & 0o777).toString(8)})`);
    }
  }
  if (open.length === 0) return ok(`${dir} and your key are yours alone`);
  return warning(
    `Others may get at ${open.join(" and ")}`,
    "chmod 700 the folder and chmod 600 the file",
  );
}

/** Whether the user is registered, with a key that can be used. */
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
  return ok(`You are ${me.name}, and your key can be used`);
}

/** Whether the store is whole. */
export async function checkStore(
  dir: string,
  session: Session,
): Promise<Finding> {
  if (await findFile(dir, [STORE_FOLDER]) === undefined) {
    return ok("Nothing is remembered yet");
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

/** Whether an import that was begun can be finished. */
export async function checkImport(dir: string): Promise<Finding> {
  await finishImport(dir);
  return ok("What was imported is all in its place now");
}

/** Whether messages wait for a key that opens them. */
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
    }what no key opens goes after 60 days`,
  );
}

/** Where the relays are said to be. */
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

/** How much room there is in a folder; `what` says what it is for. */
export async function checkRoom(path: string, what: string): Promise<Finding> {
  const free = await freeSpace(path);
  if (free === undefined) {
    return warning(
      `Nothing tells how much is free for ${what}`,
      "Give the client --allow-sys=statfs",
    );
  }
  const text = `${Math.floor(free / MIB)} MiB free for ${what}`;
  return free < LITTLE_ROOM ? bad(text, `Make room in ${path}`) : ok(text);
}

/** The folder that received files are saved in. */
export async function temporaryFolder(): Promise<string> {
  const probe = await Deno.makeTempDir({ prefix: "messageu-" });
  await Deno.remove(probe);
  return probe.slice(
    0,
    Math.max(probe.lastIndexOf("/"), probe.lastIndexOf("\\")),
  );
}
