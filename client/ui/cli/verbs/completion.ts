import { valueFlag } from "../../../../shared/cli/flags.ts";
import { completionScript, shells } from "../completion.ts";
import { PROGRAM } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

const listed = `${shells.slice(0, -1).join(", ")} or ${shells.at(-1)}`;

/** Prints a shell's completion script. */
export const verb: Verb = defineVerb({
  brief: "Print the completion script for a shell",
  about:
    `Prints a script that completes verbs, flags, names and paths; "deno task install" installs it. By hand:

  bash  source <(messageu completion bash), in ~/.bashrc
  zsh   source <(messageu completion zsh), in ~/.zshrc behind compinit
  fish  messageu completion fish > ~/.config/fish/completions/messageu.fish
  powershell  messageu completion powershell | Out-String | Invoke-Expression,
              in the file that $PROFILE names

A client under another name needs it in --program.`,
  examples: [
    "source <(messageu completion bash)",
    "messageu-client completion zsh --program messageu-client",
  ],
  flags: {
    program: {
      ...valueFlag("NAME", "The name of the client in the shell", String),
      default: PROGRAM,
    },
  },
  args: [{
    brief: listed,
    placeholder: "SHELL",
    parse(text: string) {
      if (shells.includes(text)) return text;
      throw new Error(`expected ${listed}, got "${text}"`);
    },
    proposeCompletions: () => shells,
  }],
  async task(work, { program }, shell) {
    await work.output.write(completionScript(shell, program).trim());
  },
});
