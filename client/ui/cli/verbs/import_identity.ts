import { pathArgument } from "../verb/arguments.ts";
import { writeIdentity } from "../verb/identity.ts";
import { identityData } from "../verb/output.ts";
import { keepAddresses } from "../verb/registration.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Imports the identity file of another program. */
export const verb: Verb = defineVerb({
  brief: "Make info.me from the identity file of another program",
  about:
    "Reads the me.info or my.info of any MessageU program, prints what it found and what is wrong with it, and doesn't change the file. Completes a registration that got no response.",
  examples: [
    "messageu import-identity me.info",
    "messageu --dir alice import-identity - < my.info",
  ],
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
      "Stop using the other program: two clients that pull take each other's messages",
    );
    await keepAddresses(work);
    await writeIdentity(output, me);
  },
});
