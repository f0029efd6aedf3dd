import { basename } from "node:path";
import { reasonOf } from "../../shared/reason.ts";
import { messageLine, messageObject } from "../cli/message_form.ts";
import { createPrivate, writeAll } from "../durable_files.ts";
import { UserError } from "../errors.ts";
import type { Message } from "../message.ts";
import type { Session } from "../session.ts";
import type { Exported } from "./export_archive.ts";

/** How a conversation is written down. */
export type ConversationFormat = "jsonl" | "text";

const EXTENSIONS = { jsonl: "jsonl", text: "txt" } as const;

/**
 * Writes each conversation into a new file in a folder, and its files into a
 * folder beside it; nothing is written over.
 *
 * @param name only this contact's, where one is given
 * @throws {UserError} where a file exists or can't be written
 */
export async function exportConversations(
  session: Session,
  dir: string,
  format: ConversationFormat,
  name: string | undefined,
): Promise<Exported> {
  const exported = { messages: 0, files: 0, missing: 0 };
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    for (const [contact, messages] of conversations(session, name)) {
      const stem = `${dir}/${fileNameOf(contact)}`;
      using file = await create(`${stem}.${EXTENSIONS[format]}`);
      for (const message of messages) {
        const copied = await copyFile(message, stem, exported);
        const line = format === "jsonl"
          ? JSON.stringify({ ...messageObject(message), file: copied })
          : copied === null
          ? messageLine(message)
          : `${messageLine(message)} [${copied}]`;
        await writeAll(file, new TextEncoder().encode(`${line}\n`));
        exported.messages++;
      }
      await file.sync();
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `The conversations can't be written: ${reasonOf(cause)}`,
      cause instanceof Deno.errors.AlreadyExists
        ? "Take another folder: nothing is written over"
        : "See that the folder can be written and has room",
      { cause },
    );
  }
  return exported;
}

/** The messages by whom they are with: names can change, ids don't. */
function conversations(
  session: Session,
  name: string | undefined,
): Map<string, Message[]> {
  const all = new Map<string, Message[]>();
  for (const message of session.history({ name })) {
    const id = message.contactId.toHex();
    const key = message.contact === id ? id : `${message.contact}-${id}`;
    const messages = all.get(key) ?? [];
    messages.push(message);
    all.set(key, messages);
  }
  return all;
}

/** A name that every file system takes. */
function fileNameOf(contact: string): string {
  return contact.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(-120);
}

/** Copies the file of a message; resolves to where it is within the folder. */
async function copyFile(
  { id, kind, path }: Message,
  stem: string,
  exported: Exported,
): Promise<string | null> {
  if (kind !== "file" || path === undefined) return null;
  const source = await Deno.open(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (source === undefined) {
    exported.missing++;
    return null;
  }
  await Deno.mkdir(`${stem}.files`, { recursive: true, mode: 0o700 });
  const name = `${id}-${fileNameOf(basename(path))}`;
  const target = await create(`${stem}.files/${name}`);
  // Both are closed at the end.
  await source.readable.pipeTo(target.writable);
  exported.files++;
  return `${basename(stem)}.files/${name}`;
}

async function create(path: string): Promise<Deno.FsFile> {
  try {
    return await createPrivate(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new Deno.errors.AlreadyExists(`${path} exists`);
  }
}
