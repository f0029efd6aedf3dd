/**
 * Completion in the shell: one library writes the scripts and quotes the
 * proposals, the one that reads command lines knows what may follow.
 *
 * @module
 */

import {
  bash,
  fish,
  type ShellCompletion,
  zsh,
} from "@optique/core/completion";
import { text } from "@optique/core/message";
import { proposeCompletions } from "@stricli/core";
import { UserError } from "../../errors.ts";
import { printableLine } from "../printable.ts";
import { ANY_FILE } from "./verb/arguments.ts";
import { wholeApplication } from "./command_line.ts";
import { Output } from "./verb/output.ts";
import type { Io } from "./verb/io.ts";
import { Work } from "./verb/work.ts";

const shells: Readonly<Record<string, ShellCompletion>> = { bash, zsh, fish };

/** Names that no shell takes for anything else; bash puts proposals on the command line as they are. */
const PLAIN = /^[\w.@+][\w.@+-]*$/;

/**
 * The script for a shell.
 *
 * @param program what the client is called there
 * @throws {UserError} where that can't be a program's name
 */
export function completionScript(shell: string, program: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(program)) {
    throw new UserError(
      `"${program}" can't be completed for`,
      "Expected a program's name, without its folder",
    );
  }
  return shells[shell]?.generateScript(program, ["complete", shell]) ?? "";
}

/**
 * Writes what may stand in place of the last word.
 *
 * @param words the verb, if there is one, and what follows it
 * @param flags words that may name the folder
 * @returns the exit code
 */
export async function complete(
  io: Io,
  shell: string,
  words: readonly string[],
  flags: readonly string[],
): Promise<number> {
  const encoder = shells[shell];
  if (encoder === undefined) return 2;
  const silent = { write: () => {} };
  const proposals = await proposeCompletions(
    await wholeApplication(io),
    words,
    {
      process: { stdout: silent, stderr: silent },
      contactNames: async () =>
        (await contactNames(io, flags)).filter((name) =>
          isProposed(name, shell)
        ),
    },
  );
  const current = words.at(-1) ?? "";
  const suggestions = proposals.map(({ completion, brief }) =>
    completion.endsWith(ANY_FILE)
      ? { kind: "file" as const, type: "any" as const, pattern: current }
      : {
        kind: "literal" as const,
        text: completion,
        description: [text(brief)],
      }
  );
  const encoded = [...encoder.encodeSuggestions(suggestions)].join("");
  if (encoded !== "") await new Output(false, io).write(encoded);
  return 0;
}

/** Whether a name, which somebody else chose, can be put on a command line. */
function isProposed(name: string, shell: string): boolean {
  if (shell === "bash") return PLAIN.test(name);
  // The others quote it; what doesn't show, or looks like a flag, stays away.
  return !name.startsWith("-") && printableLine(name) === name;
}

/** The folder that the words name. */
function folderIn(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => /^--dir(=|$)/.test(word));
  const word = words[at];
  return word === "--dir" ? words[at + 1] : word?.slice("--dir=".length);
}

/** The names that the folder knows, which takes no relay. */
async function contactNames(
  io: Io,
  words: readonly string[],
): Promise<string[]> {
  using work = new Work(io, { dir: folderIn(words) });
  try {
    const session = await work.session();
    return session.contacts.all().map(({ name }) => name);
  } catch (error) {
    // Without an identity there are no names to propose.
    if (error instanceof UserError) return [];
    throw error;
  }
}
