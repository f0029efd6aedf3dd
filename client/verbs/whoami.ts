import { findFile, infoFiles } from "../../shared/info_files.ts";
import { type InfoMe, readInfoMe } from "../../shared/info_me.ts";
import { defineVerb, type Verb } from "../cli/verb.ts";
import { printableLine } from "../printable.ts";

/** Prints the user's name and id. */
export const verb: Verb = defineVerb({
  brief: "Print your name and id",
  flags: {},
  args: [],
  async task(work) {
    const me = await readIdentity(await work.dir());
    const id = me.clientId.toHex();
    await work.output.data(
      { type: "identity", name: me.name, id },
      `${printableLine(me.name)} ${id}`,
    );
  },
});

/** The identity as text: to import its key takes longer than all the rest. */
async function readIdentity(dir: string): Promise<InfoMe> {
  let path: string | undefined = dir;
  try {
    path = await findFile(dir, infoFiles.me);
    if (path !== undefined) {
      return readInfoMe(new TextDecoder().decode(await Deno.readFile(path)));
    }
  } catch (cause) {
    const { FolderError } = await import("../errors.ts");
    const { reasonOf } = await import("../../shared/reason.ts");
    throw new FolderError(
      `${path} can't be used: ${reasonOf(cause)}`,
      "Mend it, or move the file away and register again",
      { cause },
    );
  }
  const { NotRegisteredError } = await import("../errors.ts");
  throw new NotRegisteredError();
}
