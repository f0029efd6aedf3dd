import { nameProblem } from "../../shared/names.ts";
import { writeIdentity } from "../cli/print_identity.ts";
import { defineVerb, type Verb } from "../cli/verb.ts";

/** Registers the user. */
export const verb: Verb = defineVerb<unknown, [string]>({
  brief: "Register under a name; makes your key and info.me",
  flags: {},
  args: [{ brief: "Your name", placeholder: "NAME", parse: parseName }],
  async task(work, _flags, name) {
    const session = await work.session();
    await session.refuseSecondIdentity();
    await writeIdentity(work.output, await session.register(name));
  },
});

function parseName(text: string): string {
  const problem = nameProblem(text);
  if (problem === undefined) return text;
  throw new Error(problem);
}
