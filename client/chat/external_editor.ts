import { UserError } from "../errors.ts";
import { reasonOf } from "../../shared/reason.ts";

/**
 * Lets the user edit a text in `$VISUAL`, `$EDITOR` or `vi`, which gets the
 * terminal. The text is in a file with mode 0600 meanwhile, which is removed.
 *
 * @param signal ends the editor, with SIGTERM
 * @throws {UserError} where the editor can't be run or says that it failed
 */
export async function editText(
  text: string,
  signal: AbortSignal,
): Promise<string> {
  const { VISUAL, EDITOR } = Deno.env.toObject();
  const [program = "vi", ...args] = (VISUAL || EDITOR || "vi").trim()
    .split(/\s+/);
  const folder = await Deno.makeTempDir({ prefix: "messageu-" });
  const path = `${folder}/message.txt`;
  try {
    await Deno.writeTextFile(path, text, { mode: 0o600, createNew: true });
    const { success, code } = await run(program, [...args, path], signal);
    if (!success) {
      throw new UserError(
        `${program} ended with ${code}`,
        "What was being written is kept as it was",
      );
    }
    return (await Deno.readTextFile(path)).replace(/\n$/, "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  program: string,
  args: string[],
  signal: AbortSignal,
): Promise<Deno.CommandStatus> {
  try {
    // A signal that came before wouldn't end what is begun now.
    signal.throwIfAborted();
    return await new Deno.Command(program, {
      args,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      signal,
    }).spawn().status;
  } catch (cause) {
    throw new UserError(
      `${program} can't be run: ${reasonOf(cause)}`,
      "Name an editor in VISUAL or EDITOR, and allow it with --allow-run",
      { cause },
    );
  }
}
