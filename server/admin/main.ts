import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { kindOf } from "../store/store_kinds.ts";
import { HELP, readAdminOptions } from "./options.ts";
import { runVerb, type Verb, verbs } from "./verbs.ts";

/**
 * Runs a verb of the admin program.
 *
 * @returns the exit code, 0 by default
 * @throws {UsageError} if the command line is invalid, or the store exists only
 * within its relay
 */
export async function main(args: readonly string[]): Promise<number | void> {
  const options = await readAdminOptions(args);
  const { store } = options;
  const verb: Verb = verbs[options.verb];
  if (verb.runWithoutStore) return await verb.runWithoutStore(options);
  const admin = await kindOf(store).admin?.();
  if (admin !== undefined) return await runVerb(verb, admin, options);
  throw new UsageError(
    `${store.scheme}: stores can't be administered: only their relay can reach them`,
  );
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
