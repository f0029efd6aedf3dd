import process from "node:process";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { removeIfThere } from "../../../../shared/folder/durable_files.ts";
import { UserError } from "../../../errors.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

/** Exit codes of a shell that can't find or run a command. */
const NOT_RUN = [126, 127];

/**
 * Lets the user edit a text in `$VISUAL`, `$EDITOR` or `vi`, run by the shell,
 * so that its path and arguments can be quoted. Keeps the text in a temporary
 * file with mode 0600.
 *
 * @param signal ends the editor with SIGTERM
 * @throws {UserError} if the editor can't be run, fails, or leaves no text
 */
export async function editText(
  text: string,
  signal: AbortSignal,
): Promise<string> {
  const { VISUAL, EDITOR } = process.env;
  const editor = VISUAL?.trim() || EDITOR?.trim() || "vi";
  let folder: string | undefined;
  try {
    folder = await Deno.makeTempDir({ prefix: "messageu-" });
    const path = `${folder}/message.txt`;
    await Deno.writeTextFile(path, text, { mode: 0o600, createNew: true });
    await run(editor, path, signal);
    return textOf(await Deno.readFile(path)).replace(/\n$/, "");
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

/** @throws {UserError} if the text isn't UTF-8 */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
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
): Promise<void> {
  const { success, code } = await status(editor, path, signal);
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
): Promise<Deno.CommandStatus> {
  const [program = "", ...args] = Deno.build.os === "windows"
    ? [...editor.split(/\s+/), path]
    : ["sh", "-c", `${editor} "$@"`, "sh", path];
  try {
    // An earlier abort wouldn't end the editor.
    signal.throwIfAborted();
    return await new Deno.Command(program, {
      args,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      signal,
    }).spawn().status;
  } catch (cause) {
    throw cannotRun(editor, reasonOf(cause), { cause });
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
