/**
 * Measures relays that share a PostgreSQL database against PostgreSQL itself:
 * `deno task bench:postgres`.
 *
 * @module
 */

import { withHelp } from "../../../shared/cli/help.ts";
import { runProgram } from "../../../shared/cli/program.ts";
import { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { describeMachine } from "../relay/machine.ts";
import { HELP, readPostgresBenchOptions } from "./options.ts";
import { measureRounds } from "./rounds.ts";
import { roundsTable } from "./table.ts";

async function main(args: readonly string[]): Promise<void> {
  const options = readPostgresBenchOptions(args);
  const dir = await Deno.makeTempDir({ prefix: "messageu-bench-" });
  try {
    const machine = describeMachine(dir);
    if (machine.warning !== undefined) {
      console.error(`warning: ${machine.warning}`);
    }
    await using cluster = await PostgresCluster.start();
    const version = await cluster.sql("SHOW server_version");
    const rounds = await measureRounds(cluster, dir, options);
    console.log(
      `${machine.text}, PostgreSQL ${version}, rounds: ${options.rounds}\n`,
    );
    console.log(roundsTable(rounds));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
