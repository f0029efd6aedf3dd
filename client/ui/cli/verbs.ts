/**
 * The list of verbs. Each has a module of its name in `verbs/`.
 *
 * @module
 */

import type { Verb } from "./verb/verb.ts";

/** The verbs in the order of the help. */
export const verbNames = [
  "register",
  "whoami",
  "list",
  "contact",
  "send",
  "send-file",
  "resend",
  "pull",
  "listen",
  "history",
  "search",
  "explain",
  "save",
  "chat",
  "key",
  "request-key",
  "send-key",
  "fingerprint",
  "accept",
  "export",
  "import",
  "import-identity",
  "server",
  "config",
  "doctor",
  "completion",
  "menu",
  "help",
] as const;

/** The name of a verb. */
export type VerbName = typeof verbNames[number];

/** The verb of a command line without one. */
export const DEFAULT_VERB: VerbName = "menu";

/** Keeps the name of a dynamic import from being a literal. */
const END: string = ".ts";

/** Whether the program is bundled into one file. */
const isBundled = !import.meta.url.endsWith("/client/ui/cli/verbs.ts");

/** Whether a word is the name of a verb. */
export function isVerb(name: string | undefined): name is VerbName {
  return verbNames.some((verb) => verb === name);
}

/**
 * The verb that a word names.
 *
 * @throws {UsageError} if there is none; names the one that may be meant
 */
export async function verbNamed(word: string): Promise<VerbName> {
  if (isVerb(word)) return word;
  const { closest } = await import("../../../shared/cli/closest.ts");
  const { UsageError } = await import("../../../shared/cli/program.ts");
  const meant = await closest(word, verbNames);
  const question = meant === undefined ? "" : `did you mean ${meant}? `;
  throw new UsageError(
    `There is no verb "${word}": ${question}"messageu help" lists all`,
  );
}

/**
 * Loads a verb. Literal import names would make the runtime load all verbs at
 * the start.
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
