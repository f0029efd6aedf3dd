import { rmdir } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { findFile } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { printableJson } from "../../shared/cli/printable.ts";
import { messageLine, messageValues } from "../session/message_form.ts";
import {
  createPrivate,
  makePrivateFolder,
  move,
  removeIfThere,
  statIfThere,
  syncContent,
  syncFolder,
  writeAll,
} from "../../shared/folder/durable_files.ts";
import { UserError } from "../errors.ts";
import type { Message } from "../store/message.ts";
import type { Session } from "../session/session.ts";
import { draftOf, removeDraftsOf } from "../store/folder.ts";
import { readSaved, UnreadableFile } from "../session/received_files.ts";
import type { Exported } from "./export_archive.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** The format of an exported conversation. */
export type ConversationFormat = "jsonl" | "text";

const EXTENSIONS = { jsonl: "jsonl", text: "txt" } as const;

/**
 * Writes each conversation into a file in a new folder, and its files into a
 * folder beside it, atomically.
 *
 * @param name exports only this contact's conversation
 * @throws {UnknownContactError} where no contact has that name
 * @throws {UserError} where the folder is taken or can't be written
 */
export async function exportConversations(
  session: Session,
  dir: string,
  format: ConversationFormat,
  name: string | undefined,
): Promise<Exported> {
  const all = conversations(session, name);
  if (name !== undefined && all.size === 0) {
    await session.contacts.known(name);
  }
  // For "here/" and "." too, the draft is beside the target.
  const target = resolve(dir);
  const draft = draftOf(target);
  const exported = { messages: 0, files: 0, missing: 0 };
  try {
    if (await isTaken(target)) throw folderTaken(dir);
    await makePrivateFolder(dirname(target));
    await removeDraftsOf(target);
    await makePrivateFolder(draft);
    for (const [contact, messages] of all) {
      const stem = `${draft}/${fileNameOf(contact)}`;
      using file = await createPrivate(`${stem}.${EXTENSIONS[format]}`);
      for (const message of messages) {
        const copied = await copyFile(message, stem, exported);
        const line = format === "jsonl"
          ? printableJson({
            type: "message",
            ...messageValues(message),
            file: copied,
          })
          : copied === null
          ? messageLine(message)
          : `${messageLine(message)} [${copied}]`;
        await writeAll(file, new TextEncoder().encode(`${line}\n`));
        exported.messages++;
      }
      await syncContent(file);
    }
    // Windows replaces no folder, not even an empty one.
    if (statIfThere(target) !== undefined) await rmdir(target);
    await move(draft, target);
    await syncFolder(dirname(target));
    return exported;
  } catch (cause) {
    await removeIfThere(draft);
    if (cause instanceof UserError) throw cause;
    if (hasCode(cause, "EEXIST", "ENOTDIR", "ENOTEMPTY")) {
      throw folderTaken(dir, { cause });
    }
    throw new UserError(
      `The conversations can't be written to ${dir}: ${reasonOf(cause)}`,
      "See that the folder can be written and has room",
      { cause },
    );
  }
}

/** Whether a name is taken: an empty folder is replaced. */
async function isTaken(target: string): Promise<boolean> {
  const found = await findFile(dirname(target), [basename(target)]);
  if (found === undefined) return false;
  if (!(await Deno.stat(target)).isDirectory) return true;
  for await (const _ of Deno.readDir(target)) return true;
  return false;
}

function folderTaken(dir: string, options?: ErrorOptions): UserError {
  return new UserError(
    `The conversations can't be written to ${dir}: it exists, and is no empty folder`,
    "Take another folder: nothing is written over",
    options,
  );
}

/** The messages by contact. The key includes the id, since names can change. */
function conversations(
  session: Session,
  name: string | undefined,
): Map<string, Message[]> {
  const all = new Map<string, Message[]>();
  for (const message of session.messages.list({ name })) {
    const id = message.contactId.toHex();
    const key = message.contact === id ? id : `${message.contact}-${id}`;
    const messages = all.get(key) ?? [];
    messages.push(message);
    all.set(key, messages);
  }
  return all;
}

/** A name that is valid in every file system and isn't read as a flag. */
function fileNameOf(contact: string): string {
  return contact.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(-120)
    .replace(/^-/, "_");
}

/** Copies a message's file; returns its path within the folder, or null. */
async function copyFile(
  { id, kind, path }: Message,
  stem: string,
  exported: Exported,
): Promise<string | null> {
  if (kind !== "file" || path === undefined) return null;
  const folder = `${stem}.files`;
  const ending = /\.[A-Za-z0-9]{1,16}$/.exec(path)?.[0] ?? "";
  const name = `${id}-${fileNameOf(basename(path, ending))}${ending}`;
  await makePrivateFolder(folder);
  try {
    using target = await createPrivate(`${folder}/${name}`);
    for await (const bytes of readSaved(path)) await writeAll(target, bytes);
    await syncContent(target);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    await Deno.remove(`${folder}/${name}`);
    exported.missing++;
    return null;
  }
  exported.files++;
  return `${basename(folder)}/${name}`;
}
