import { switchFlag } from "../../../../shared/cli/flags.ts";
import { UsageError } from "../../../../shared/cli/program.ts";
import { nameProblem } from "../../../../shared/wire/field_types.ts";
import { writeIdentity } from "../verb/identity.ts";
import { register } from "../verb/registration.ts";
import { identityData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Registers the user. */
export const verb: Verb = defineVerb({
  brief: "Register under a name; creates your key and info.me",
  about:
    "Registers you at the relay, and writes your key and id into info.me. The addresses of --server are written into info.server, so that all later verbs use them. At a relay whose mu:// line is in info.server or in --server it makes a secure account, with --yes: with this version it can be registered and checked, but neither send nor receive texts. --legacy registers as at other relays.",
  examples: [
    "messageu register alice",
    "messageu register alice --server relay.example:1357",
    "messageu --dir work register alice-at-work",
  ],
  prints: [identityData],
  flags: {
    legacy: switchFlag("Register for texts, also where the relay has a line"),
    lift: switchFlag("Make the account of this folder a secure one, for good"),
    yes: switchFlag("Make a secure account without a further question"),
  },
  args: [{ brief: "Your name", placeholder: "NAME", parse: parseName }],
  // Certificates that the environment adds are refused.
  readsEnvironment: true,
  async task(work, { legacy, lift = false, yes = false }, name) {
    if (legacy && (lift || yes)) {
      throw new UsageError("--legacy goes neither with --lift nor with --yes");
    }
    const session = await work.session();
    if (!lift) await session.refuseSecondIdentity();
    const addresses = await work.addresses();
    const lines = legacy ? [] : await addresses.lines();
    if (lines.length > 0) {
      const { registerSecure } = await import(
        "../verb/secure_registration.ts"
      );
      return await registerSecure(work, lines, { name, lift, yes });
    }
    if (lift || yes) {
      throw new UsageError(
        "--lift and --yes are for a relay with a mu:// line: name it with --server",
      );
    }
    const say = (text: string) => work.output.say(text);
    const me = await register(session, addresses, name, say);
    await writeIdentity(work.output, me);
  },
});

function parseName(text: string): string {
  const name = text.trim();
  const problem = nameProblem(name);
  if (problem === undefined) return name;
  throw new Error(problem);
}
