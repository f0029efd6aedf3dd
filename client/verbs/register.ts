import { nameProblem } from "../../shared/names.ts";
import { defineVerb, type Verb } from "../cli/verb.ts";
import { printableLine } from "../printable.ts";

/** Registers the user. */
export const verb: Verb = defineVerb<unknown, [string]>({
  brief: "Register under a name; makes your key and info.me",
  flags: {},
  args: [{ brief: "Your name", placeholder: "NAME", parse: parseName }],
  async task(work, _flags, name) {
    const session = await work.session();
    await session.refuseSecondIdentity();
    await session.register(name);
    const id = (await session.identity())?.clientId.toHex();
    await work.output.data(
      { type: "identity", name, id },
      `${printableLine(name)} ${id}`,
    );
  },
});

function parseName(text: string): string {
  const problem = nameProblem(text);
  if (problem === undefined) return text;
  throw new Error(problem);
}
