import { pathArgument } from "../verb/arguments.ts";
import { writeIdentity } from "../verb/identity.ts";
import { identityData } from "../verb/data.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Takes over the identity that another program wrote. */
export const verb: Verb = defineVerb({
  brief: "Make info.me from an identity file that another program wrote",
  about:
    "Takes what any MessageU program wrote as me.info or my.info, says what it found and what is wrong with it, and leaves it as it is. What a registration without an answer has left it goes on with at the relay. See docs/scripting.md.",
  prints: [identityData],
  args: [{
    ...pathArgument,
    brief: "The identity file; - reads it from standard input",
    placeholder: "FILE",
  }],
  async task(work, _, path) {
    const { output } = work;
    const { importIdentity } = await import(
      "../../../transfer/import_identity.ts"
    );
    const { me, found, warnings } = await importIdentity(
      work.dir,
      path === "-" ? work.io.stdin : path,
      async (name, publicKey) =>
        await (await work.link()).register(name, publicKey),
    );
    output.say(`Found ${found.join(", ")}`);
    for (const warning of warnings) output.say(`Warning: ${warning}`);
    output.say(
      "Don't go on with the other program: two that pull take each other's messages",
    );
    await writeIdentity(output, me);
  },
});
