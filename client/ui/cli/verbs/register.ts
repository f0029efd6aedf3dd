import { nameProblem } from "../../../../shared/wire/field_types.ts";
import { writeIdentity } from "../verb/identity.ts";
import { identityData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Registers the user. */
export const verb: Verb = defineVerb({
  brief: "Register under a name; creates your key and info.me",
  prints: [identityData],
  args: [{ brief: "Your name", placeholder: "NAME", parse: parseName }],
  async task(work, _, name) {
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
