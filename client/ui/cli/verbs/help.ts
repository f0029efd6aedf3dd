import { programHelp, verbHelp } from "../help.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { loadVerb, verbNamed, verbNames } from "../verbs.ts";

/** Explains the program or a verb. */
export const verb: Verb = defineVerb({
  brief: "Explain a verb, with examples; or list all verbs",
  examples: [
    "messageu help",
    "messageu help send",
  ],
  args: [{
    brief: "The verb",
    placeholder: "VERB",
    parse: String,
    optional: true,
    proposeCompletions: (partial: string) =>
      verbNames.filter((name) => name.startsWith(partial)),
  }],
  isOffline: true,
  async task({ output }, _, word) {
    if (word === undefined) return await output.write(await programHelp());
    const name = await verbNamed(word);
    await output.write(verbHelp(name, await loadVerb(name)));
  },
});
