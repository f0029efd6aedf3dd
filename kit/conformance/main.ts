/**
 * `deno task conformance`: checks whether a server or a client keeps to the
 * protocol.
 *
 * @module
 */

import { formatAddress } from "../../shared/folder/info_files.ts";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { CLIENT_HELP, clientFlagIn } from "./client/options.ts";
import { conformClient } from "./client/command.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { chosenChecks } from "./chosen_checks.ts";
import { giveUp } from "./permissions.ts";
import { printReport } from "./report/print_report.ts";
import { Interruption } from "./interruption.ts";
import { checkServer } from "./server/check_server.ts";
import { ReportFile } from "./report/report_file.ts";
import { checksTable } from "./report/table.ts";
import { findDialect } from "./server/find_dialect.ts";
import type { CheckInfo } from "./report/outcome.ts";
import { checkSecureServer, findSecurePort } from "./secure/check_secure.ts";
import { secureChecks } from "./secure/checks.ts";
import { allChecks } from "./server/checks.ts";

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--client")) return await conformClient(args);
  await giveUp("run");
  const stray = clientFlagIn(args);
  if (stray !== undefined) {
    throw new UsageError(`${stray} is for checks of a client: add --client`);
  }
  const options = await readOptions(args);
  const { only, form, html, verbose, brief } = options;
  if (html === undefined) await giveUp("read", "write");
  const chosen = chosenChecks(listed(options), only);
  if (options.list) {
    console.log(checksTable(chosen));
    return 0;
  }
  await using file = html === undefined
    ? undefined
    : await ReportFile.create(html);
  const interruption = new Interruption();
  const { signal } = interruption;
  const { outcomes, ...about } = await checked(options, signal);
  const code = await printReport(outcomes, {
    ...{ form, verbose, brief },
    ...about,
    file,
    nameWidth: Math.max(...chosen.map(({ name }) => name.length)),
    colour: Deno.stdout.isTerminal() && !Deno.noColor,
    print: (text) => console.log(text),
    stopped: () =>
      signal.aborted
        ? `Interrupted: there are ${chosen.length} checks in all.`
        : undefined,
  });
  return interruption.exitCode ?? code;
}

/** The checks of what is given; those of both protocols if nothing is. */
function listed({ address, line }: Options): readonly CheckInfo[] {
  if (address !== undefined) return allChecks;
  return line !== undefined ? secureChecks : [...allChecks, ...secureChecks];
}

/** The checks' outcomes, and what the report tells of the server. */
async function checked(
  { address, line, legacy, dialect: given, only, timeout }: Options,
  signal: AbortSignal,
) {
  if (line !== undefined) {
    await findSecurePort(line);
    return {
      outcomes: checkSecureServer({ line, legacy, only, timeout, signal }),
      all: secureChecks.length,
      target: formatAddress(line),
    };
  }
  if (address === undefined) throw new UsageError("Give HOST:PORT; see --help");
  const serverDialect = await findDialect(address, timeout, {
    signal,
    ...given && { among: [given] },
  });
  const { dialect, version } = serverDialect;
  return {
    outcomes: checkServer({
      address,
      timeout,
      ...serverDialect,
      signal,
      ...only && { only },
    }),
    all: allChecks.length,
    target: formatAddress(address),
    dialect: dialect.name,
    version,
  };
}

if (import.meta.main) {
  const help = Deno.args.includes("--client") ? CLIENT_HELP : HELP;
  await runProgram(withHelp(help, main));
}
