/**
 * The verbs: a line each, and a module of the name in `verbs/`.
 *
 * @module
 */

import type { Verb } from "./verb/verb.ts";

/** The verbs' names; the order is that of the help. */
export const verbNames = [
  "register",
  "whoami",
  "list",
  "send",
  "send-file",
  "resend",
  "pull",
  "listen",
  "history",
  "search",
  "explain",
  "chat",
  "key",
  "request-key",
  "send-key",
  "fingerprint",
  "accept",
  "export",
  "import",
  "import-identity",
  "doctor",
  "completion",
  "menu",
] as const;

/** The name of a verb. */
export type VerbName = typeof verbNames[number];

/** The verb of a command line that has none. */
export const DEFAULT_VERB: VerbName = "menu";

/** How the modules' names end. */
const END: string = ".ts";

/** Whether the program is one file, which holds every verb. */
const isBundled = !import.meta.url.endsWith("/client/ui/cli/verbs.ts");

/** Whether this is a verb's name. */
export function isVerb(name: string | undefined): name is VerbName {
  return verbNames.some((verb) => verb === name);
}

/**
 * Loads a verb. The runtime reads every module that it sees named in an import
 * before it runs the first one, so no name of another verb is whole here.
 */
export async function loadVerb(name: VerbName): Promise<Verb> {
  const file = name.replaceAll("-", "_");
  if (!isBundled) {
    const { verb } = await import(
      import.meta.resolve(`./verbs/${file}${END}`)
    );
    return verb;
  }
  const bundled: typeof import("./bundled_verbs.ts") = await import(
    `./bundled_verbs${END}`
  );
  return await bundled.loadBundled(file);
}
