import { valueFlag } from "../../../../shared/cli/flags.ts";
import { completionScript } from "../completion.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** The name of the compiled client. */
const PROGRAM = "messageu-client";

/** Prints a shell's completion script. */
export const verb: Verb = defineVerb({
  brief: "Print the completion script for bash, zsh or fish",
  about:
    `Prints a script that completes verbs, flags, names and paths. To install it:

  bash  source <(messageu-client completion bash), in ~/.bashrc
  zsh   source <(messageu-client completion zsh), in ~/.zshrc behind compinit
  fish  messageu-client completion fish > ~/.config/fish/completions/messageu-client.fish

From a clone, install the client as a program first (docs/scripting.md), and name
it with --program client.`,
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
