import { nameProblem } from "../../../../shared/wire/field_types.ts";
import { writeIdentity } from "../verb/identity.ts";
import { register } from "../verb/registration.ts";
import { identityData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Registers the user. */
export const verb: Verb = defineVerb({
  brief: "Register under a name; creates your key and info.me",
  about:
    "Registers you at the relay, and writes your key and id into info.me. The addresses of --server are written into info.server, so that all later verbs use them.",
  examples: [
    "messageu register alice",
    "messageu register alice --server relay.example:1357",
    "messageu --dir work register alice-at-work",
  ],
  prints: [identityData],
  args: [{ brief: "Your name", placeholder: "NAME", parse: parseName }],
  async task(work, _, name) {
    const session = await work.session();
    await session.refuseSecondIdentity();
    const say = (text: string) => work.output.say(text);
    const me = await register(session, await work.addresses(), name, say);
    await writeIdentity(work.output, me);
  },
});

function parseName(text: string): string {
  const name = text.trim();
  const problem = nameProblem(name);
  if (problem === undefined) return name;
  throw new Error(problem);
}
