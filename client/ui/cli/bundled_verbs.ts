import type { Verb } from "./verb/verb.ts";

/** Loads a verb; bundlers and `deno compile` take every module that fits. */
export async function loadBundled(file: string): Promise<Verb> {
  const { verb } = await import(`./verbs/${file}.ts`);
  return verb;
}
