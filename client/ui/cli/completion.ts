/**
 * Completion in the shell. Each script passes the words of a command line to
 * `complete SHELL WORD...` and reads one proposal a line: a word, a tab, and its
 * description. An empty word stands for any file, and "/" for any folder. The scripts evaluate neither
 * typed nor proposed words. PowerShell drops empty words, so its script puts "="
 * before the last one.
 *
 * @module
 */

import { proposeCompletions } from "@stricli/core";
import { UserError } from "../../errors.ts";
import { printableLine } from "../../../shared/cli/printable.ts";
import { applicationOf } from "./command_line.ts";
import { ANY_FILE } from "./verb/arguments.ts";
import { type Io, Output } from "./verb/output.ts";
import { ANY_FOLDER, Work } from "./verb/verb.ts";
import { isVerb, verbNames } from "./verbs.ts";

/** The scripts by shell; `NAME` stands for the name of the program. */
const scripts: Readonly<Record<string, string>> = {
  // Bash splits words at "=", and falls back to files without proposals.
  bash: `_NAME() {
  local word line last files= words=()
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    last=$((\${#words[@]} - 1))
    if ((last >= 0)) && [[ $word == = || \${words[last]} == --*= ]]; then
      words[last]+=$word
    else
      words+=("$word")
    fi
  done
  while IFS= read -r line; do
    word=\${line%%$'\\t'*}
    case $word in
      "") files=default ;;
      /) files=dirnames ;;
      *) COMPREPLY+=("$word") ;;
    esac
  done < <(NAME complete bash "\${words[@]}" 2>/dev/null)
  if [[ -n $files && $2 != -* ]]; then
    COMPREPLY=()
    compopt -o $files 2>/dev/null
  fi
}
complete -F _NAME NAME`,
  zsh: `#compdef NAME
_NAME() {
  local line word
  local -a found shown
  while IFS= read -r line; do
    word=\${line%%$'\\t'*}
    if [[ -z $word ]]; then
      _files
    elif [[ $word == / ]]; then
      _files -/
    else
      found+=("$word")
      shown+=("$word  -- \${line#*$'\\t'}")
    fi
  done < <(NAME complete zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && compadd -l -d shown -a -- found
}
# A folder of fpath has this file as the function itself.
if [[ $funcstack[1] == _NAME ]]; then _NAME "$@"; else compdef _NAME NAME; fi`,
  fish: `function _NAME_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    for line in (NAME complete fish $words "$current" 2>/dev/null)
        if string match -qr '^\\t' -- $line
            __fish_complete_path "$current"
        else if string match -qr '^/\\t' -- $line
            __fish_complete_directories "$current"
        else
            printf '%s\\n' $line
        end
    end
end
complete -c NAME -f -a '(_NAME_complete)'`,
  // PowerShell completes paths where nothing is returned.
  powershell:
    `Register-ArgumentCompleter -Native -CommandName NAME -ScriptBlock {
  param($word, $ast, $cursor)
  $before = @($ast.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursor } |
    ForEach-Object { if ($_.Value -is [string]) { $_.Value } else { "$_" } })
  $lines = @(& NAME complete powershell @before "=$word" 2>$null)
  if ($word -notlike '-*' -and $lines -match '^/?\\t') { return }
  if ($lines.Count -eq 0) { return '' }
  foreach ($line in $lines) {
    $text, $about = $line -split '\\t', 2
    if ($text -in '', '/') { continue }
    if (-not $about) { $about = $text }
    $inserted = if ($text -match '^[\\w.+=:/-]+$') { $text } else { "'$text'" }
    [Management.Automation.CompletionResult]::new(
      $inserted, $text, 'ParameterValue', $about)
  }
}`,
};

/** The shells that have a script. */
export const shells: readonly string[] = Object.keys(scripts);

/** Names that need no escaping: bash inserts proposals unquoted, PowerShell between quotes. */
const PLAIN = /^[\w.@+][\w.@+-]*$/;

/**
 * The completion script for a shell.
 *
 * @param program the name of the client in the shell
 * @throws {UserError} if the name isn't valid for a program
 */
export function completionScript(shell: string, program: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(program)) {
    return (scripts[shell] ?? "").replaceAll("NAME", program);
  }
  throw new UserError(
    `"${program}" isn't a valid program name`,
    "Expected a program's name, without its folder",
  );
}

/**
 * Prints the proposals for the last word.
 *
 * @param words the verb, if any, and the words after it
 * @param flags words that may include `--dir`
 * @returns the exit code
 */
export async function complete(
  io: Io,
  shell: string,
  words: readonly string[],
  flags: readonly string[],
): Promise<number> {
  if (!Object.hasOwn(scripts, shell)) return 2;
  const [verb] = words;
  // Loads all verbs only to complete the name of one.
  const names = words.length > 1 && isVerb(verb) ? [verb] : verbNames;
  const silent = { write: () => {} };
  const proposals = await proposeCompletions(
    await applicationOf(io, names),
    words,
    {
      process: { stdout: silent, stderr: silent },
      contactNames: async () =>
        (await contactNames(io, flags)).filter((name) =>
          isProposed(name, shell)
        ),
    },
  );
  const isFlag = ({ completion }: { completion: string }) =>
    completion.startsWith("-");
  // Flags come once the user types a dash, or where there is nothing else.
  const wanted = words.at(-1)?.startsWith("-") || proposals.every(isFlag)
    ? proposals
    : proposals.filter((proposal) => !isFlag(proposal));
  const lines = wanted.map(({ completion, brief }) =>
    `${proposedWord(completion)}\t${brief}`
  );
  if (lines.length > 0) await new Output(false, io).write(lines.join("\n"));
  return 0;
}

/** The word that stands for a proposal in the output. */
function proposedWord(completion: string): string {
  if (completion.endsWith(ANY_FILE)) return "";
  return completion.endsWith(ANY_FOLDER) ? "/" : completion;
}

/** Whether a contact's name can be inserted into a command line. */
function isProposed(name: string, shell: string): boolean {
  if (shell === "bash" || shell === "powershell") return PLAIN.test(name);
  // The other shells quote it, but can't quote a flag or invisible characters.
  return !name.startsWith("-") && printableLine(name) === name;
}

/** The value of `--dir` among the words. */
function folderIn(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => /^--dir(=|$)/.test(word));
  const word = words[at];
  return word === "--dir" ? words[at + 1] : word?.slice("--dir=".length);
}

/** The names of the contacts in the folder; asks no relay. */
async function contactNames(
  io: Io,
  words: readonly string[],
): Promise<string[]> {
  using work = new Work(io, { dir: folderIn(words) });
  try {
    const session = await work.session();
    return session.contacts.names();
  } catch (error) {
    // A folder without an identity has no contacts.
    if (error instanceof UserError) return [];
    throw error;
  }
}
