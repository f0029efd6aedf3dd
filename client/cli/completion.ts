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
import { UserError } from "../errors.ts";
import { ANY_FILE } from "./arguments.ts";
import { wholeApplication } from "./command_line.ts";
import { Output } from "./output.ts";
import type { VerbTable } from "./verb.ts";
import { Work } from "./work.ts";

const shells: Readonly<Record<string, ShellCompletion>> = { bash, zsh, fish };

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
  shell: string,
  words: readonly string[],
  flags: readonly string[],
  verbs: VerbTable,
): Promise<number> {
  const encoder = shells[shell];
  if (encoder === undefined) return 2;
  const silent = { write: () => {} };
  const proposals = await proposeCompletions(
    await wholeApplication(verbs),
    words,
    {
      process: { stdout: silent, stderr: silent },
      contactNames: () => contactNames(flags),
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
  if (encoded !== "") await new Output(false).write(encoded);
  return 0;
}

/** The names that the folder knows, which takes no relay. */
async function contactNames(words: readonly string[]): Promise<string[]> {
  const at = words.indexOf("--dir");
  const dir = at < 0 ? undefined : words[at + 1];
  using work = new Work({ dir });
  try {
    const session = await work.session();
    return session.contacts().map(({ name }) => name);
  } catch (error) {
    // Without an identity there are no names to propose.
    if (error instanceof UserError) return [];
    throw error;
  }
}
