import type { Verb } from "./verb/verb.ts";

/** Loads a verb in a bundle; bundlers include every module that matches the pattern. */
export async function loadBundled(file: string): Promise<Verb> {
  const { verb } = await import(`./verbs/${file}.ts`);
  return verb;
}
