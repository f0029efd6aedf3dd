/**
 * The user's own command that is run for each received message (`--exec`).
 *
 * @module
 */

import type { Message } from "../message.ts";
import { isoTime } from "./message_form.ts";

/** The flag that names the command. */
export const execFlag = {
  kind: "parsed",
  parse: String,
  brief:
    "Run this for each text and file, its content on standard input; see docs/scripting.md",
  placeholder: "CMD",
  optional: true,
} as const;

/**
 * Runs a command by the shell for a message. Nothing of the message stands on
 * the command line: its content is standard input, the facts are environment
 * variables.
 *
 * @returns undefined where it succeeded, else what happened
 */
export async function runForMessage(
  command: string,
  message: Message,
): Promise<string | undefined> {
  const windows = Deno.build.os === "windows";
  const content = await contentOf(message);
  if (content === undefined) return `its file ${message.path} can't be read`;
  const child = new Deno.Command(windows ? "cmd" : "sh", {
    args: [windows ? "/c" : "-c", command],
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
  try {
    await content.pipeTo(child.stdin);
  } catch (error) {
    // It needn't read all of it.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
  const { success, code, signal } = await child.status;
  if (success) return undefined;
  return signal === null
    ? `the command ended with ${code}`
    : `the command was ended by ${signal}`;
}

/** A message's content; undefined where its file isn't there any more. */
async function contentOf(
  { kind, text, path }: Message,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
  if (kind === "text") return new Blob([text ?? ""]).stream();
  try {
    return (await Deno.open(path ?? "")).readable;
  } catch {
    return undefined;
  }
}
