import { printOwnIdentity, writeIdentity } from "../verb/identity.ts";
import { identityData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { NotRegisteredError } from "../../../errors.ts";

/** Prints the user's name and id. */
export const verb: Verb = defineVerb({
  brief: "Print your name and id",
  examples: [
    "messageu whoami",
    "messageu --dir work whoami --json",
  ],
  prints: [identityData],
  async task(work) {
    const dir = work.dir;
    if (await printOwnIdentity(dir, work.output)) return;
    const { readFolderLayout } = await import("../../../keys/identity.ts");
    const layout = await readFolderLayout(dir);
    if (layout === undefined) throw new NotRegisteredError();
    await writeIdentity(work.output, layout);
  },
});
