import { valueFlag } from "../../../../shared/cli/flags.ts";
import { completionScript } from "../completion.ts";
import { PROGRAM } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Prints a shell's completion script. */
export const verb: Verb = defineVerb({
  brief: "Print the completion script for bash, zsh or fish",
  about:
    `Prints a script that completes verbs, flags, names and paths; "deno task install" installs it. By hand:

  bash  source <(messageu completion bash), in ~/.bashrc
  zsh   source <(messageu completion zsh), in ~/.zshrc behind compinit
  fish  messageu completion fish > ~/.config/fish/completions/messageu.fish

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
    brief: "bash, zsh or fish",
    placeholder: "SHELL",
    parse(text: string) {
      if (text === "bash" || text === "zsh" || text === "fish") return text;
      throw new Error(`expected bash, zsh or fish, got "${text}"`);
    },
    proposeCompletions: () => ["bash", "zsh", "fish"],
  }],
  async task(work, { program }, shell) {
    await work.output.write(completionScript(shell, program).trim());
  },
});
