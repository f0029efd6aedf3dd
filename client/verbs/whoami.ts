import { reasonOf } from "../../shared/reason.ts";
import { OutputClosed } from "../cli/output.ts";
import { printIdentity } from "../cli/print_identity.ts";
import { defineVerb, type Verb } from "../cli/verb.ts";
import { FolderError, NotRegisteredError } from "../errors.ts";

/** Prints the user's name and id. */
export const verb: Verb = defineVerb({
  brief: "Print your name and id",
  flags: {},
  args: [],
  async task(work) {
    const dir = await work.dir();
    let isRegistered: boolean;
    try {
      isRegistered = await printIdentity(dir, work.output);
    } catch (cause) {
      if (cause instanceof OutputClosed) throw cause;
      throw new FolderError(
        `The identity in ${dir} can't be used: ${reasonOf(cause)}`,
        "Mend it, or move the file away and register again",
        { cause },
      );
    }
    if (!isRegistered) throw new NotRegisteredError();
  },
});
