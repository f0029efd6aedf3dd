/**
 * Starts the relay with the least permissions for its flags: its folder, its
 * own modules and its ports. Stays to stop and to replace the relay.
 *
 * @module
 */

import { runProgram, withHelp } from "../../shared/cli/program.ts";
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
