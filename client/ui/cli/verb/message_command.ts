/**
 * Runs the user's command for each received message (`--exec`).
 *
 * @module
 */

import { valueFlag } from "../../../../shared/cli/flags.ts";
import { openRegular } from "../../../../shared/folder/durable_files.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import type { Platform } from "../../../../shared/platform/platform.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";
import type { Message } from "../../../store/message.ts";
import { isoTime } from "../../../session/message_form.ts";

/** The flag that names the command. */
export const execFlag = valueFlag(
  "CMD",
  "Run this for each text and file, its content on standard input",
  String,
);

/**
 * Runs a shell command for a text or a file; skips other messages. The content
 * is its standard input, the facts are environment variables; no part of the
 * message is on the command line.
 *
 * @returns the failure, or undefined on success
 */
export async function runForMessage(
  command: string,
  message: Message,
  platform: Platform,
): Promise<string | undefined> {
  if (message.kind !== "text" && message.kind !== "file") return undefined;
  let content: ReadableStream<Uint8Array<ArrayBuffer>>;
  try {
    content = await contentOf(message);
  } catch (error) {
    return unreadable(message, error);
  }
  const { program, options } = platform.shell(command);
  const child = new Deno.Command(program, {
    ...options,
    env: {
      MESSAGEU_ID: String(message.id),
      MESSAGEU_CONTACT: message.contact,
      MESSAGEU_CONTACT_ID: message.contactId.toHex(),
      MESSAGEU_KIND: message.kind,
      MESSAGEU_PATH: message.path ?? "",
      MESSAGEU_TIME: isoTime(message.time) ?? "",
    },
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let failure: string | undefined;
  try {
    await content.pipeTo(child.stdin);
  } catch (error) {
    // The command may end before it has read all of the input.
    if (!hasCode(error, "EPIPE")) {
      failure = unreadable(message, error);
    }
  }
  const { success, code, signal } = await child.status;
  // The command has read truncated input.
  if (failure !== undefined) return failure;
  if (success) return undefined;
  return signal === null
    ? `the command ended with ${code}`
    : `the command was ended by ${signal}`;
}

/** Opens a message's content. @throws {Error} if its file can't be read */
async function contentOf(
  { kind, text, path }: Message,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (kind === "text") return new Blob([text ?? ""]).stream();
  if (path === undefined) throw new Error("it wasn't moved here");
  return (await openRegular(path)).readable;
}

function unreadable({ path }: Message, error: unknown): string {
  return `its file ${path ?? ""} can't be read: ${reasonOf(error)}`;
}
