/**
 * Starts the relay with the permissions that its flags call for and no others:
 * its folder, its own modules and its ports. It stays in between to pass signals
 * on, and to put a new relay in the old one's place.
 *
 * @module
 */

import { withHelp } from "../../shared/cli/help.ts";
import { runProgram } from "../../shared/cli/program.ts";
import { HELP, readServerOptions } from "../options.ts";
import { relayCommand } from "./relay_permissions.ts";
import { runGroup } from "./run_group.ts";

if (import.meta.main) {
  const program = new URL("../main.ts", import.meta.url).href;
  await runProgram(withHelp(HELP, async (args) =>
    await runGroup(
      await readServerOptions(args),
      args,
      (args) => relayCommand(program, args),
    )));
}
