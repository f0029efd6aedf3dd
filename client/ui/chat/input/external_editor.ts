import { join } from "node:path";
import process from "node:process";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { removeIfThere } from "../../../../shared/folder/durable_files.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../../shared/platform/platform.ts";
import { UserError } from "../../../errors.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";
import { textOf } from "../../text_file.ts";

/** Exit codes of a shell that can't find or run a command. */
const NOT_RUN = [126, 127];

/**
 * Lets the user edit a text in `$VISUAL`, `$EDITOR` or the system's editor, run
 * by the shell: its path and arguments can be quoted, and a path alone needn't
 * be. Keeps the text in a temporary file with mode 0600. The text comes back as
 * typed, with LF as line ends, whatever the editor wrote.
 *
 * @param signal ends the editor with SIGTERM
 * @throws {UserError} if the editor can't be run, fails, or leaves no text
 */
export async function editText(
  text: string,
  signal: AbortSignal,
  platform: Platform = thisPlatform,
): Promise<string> {
  const { VISUAL, EDITOR } = process.env;
  const editor = VISUAL?.trim() || EDITOR?.trim() || platform.editor;
  let folder: string | undefined;
  try {
    folder = await Deno.makeTempDir({ prefix: "messageu-" });
    const path = join(folder, "message.txt");
    await Deno.writeTextFile(path, text, { mode: 0o600, createNew: true });
    await run(editor, path, signal, platform);
    return editedText(await Deno.readFile(path));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      hasCode(cause, "ENOENT")
        ? "The editor left no text"
        : `The text can't be edited: ${reasonOf(cause)}`,
      "Your text is unchanged",
      { cause },
    );
  } finally {
    if (folder !== undefined) await removeFolder(folder);
  }
}

/** @throws {UserError} if the bytes aren't text */
function editedText(bytes: Uint8Array): string {
  try {
    return textOf(bytes).replaceAll("\r\n", "\n").replace(/\n$/, "");
  } catch (cause) {
    throw new UserError(
      "The editor's text isn't UTF-8",
      "Your text is unchanged; set the editor to UTF-8",
      { cause },
    );
  }
}

/** Removes the temporary folder. */
async function removeFolder(folder: string): Promise<void> {
  try {
    // The editor may have removed it.
    await removeIfThere(folder);
  } catch (cause) {
    throw new UserError(
      `${folder} can't be removed: ${reasonOf(cause)}`,
      "It contains your text: remove it yourself",
      { cause },
    );
  }
}

async function run(
  editor: string,
  path: string,
  signal: AbortSignal,
  platform: Platform,
): Promise<void> {
  const { success, code } = await status(editor, path, signal, platform);
  if (success) return;
  if (NOT_RUN.includes(code)) throw cannotRun(editor, `exit code ${code}`);
  throw new UserError(
    `The editor ended with ${code}`,
    "Your text is unchanged",
  );
}

async function status(
  editor: string,
  path: string,
  signal: AbortSignal,
  { quote, shell }: Platform,
): Promise<Deno.CommandStatus> {
  const command = `${isFile(editor) ? quote(editor) : editor} ${quote(path)}`;
  const { program, options } = shell(command);
  try {
    // An earlier abort wouldn't end the editor.
    signal.throwIfAborted();
    return await new Deno.Command(program, {
      ...options,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      signal,
    }).spawn().status;
  } catch (cause) {
    throw cannotRun(editor, reasonOf(cause), { cause });
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    // Then it is a command for the shell, which reports what is wrong.
    return false;
  }
}

function cannotRun(
  editor: string,
  reason: string,
  options?: ErrorOptions,
): UserError {
  return new UserError(
    `${editor} can't be run: ${reason}`,
    "Name an editor in VISUAL or EDITOR, and allow the shell with --allow-run",
    options,
  );
}
