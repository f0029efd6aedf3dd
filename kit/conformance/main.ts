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
import { HELP, readOptions } from "./options.ts";
import { giveUp } from "./permissions.ts";
import { printReport } from "./report/print_report.ts";
import { Interruption } from "./interruption.ts";
import { checkServer } from "./server/check_server.ts";
import { ReportFile } from "./report/report_file.ts";
import { checksTable } from "./report/table.ts";
import { findDialect } from "./server/find_dialect.ts";
import { allChecks, selectChecks } from "./server/checks.ts";

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--client")) return await conformClient(args);
  await giveUp("run");
  const stray = clientFlagIn(args);
  if (stray !== undefined) {
    throw new UsageError(`${stray} is for checks of a client: add --client`);
  }
  const options = await readOptions(args);
  const { only, address, timeout, html } = options;
  if (html === undefined) await giveUp("read", "write");
  const chosen = selectChecks(only);
  if (options.list) {
    console.log(checksTable(chosen));
    return 0;
  }
  if (address === undefined) throw new UsageError("Give HOST:PORT; see --help");
  await using file = html === undefined
    ? undefined
    : await ReportFile.create(html);
  const interruption = new Interruption();
  const { signal } = interruption;
  const serverDialect = await findDialect(address, timeout, {
    signal,
    ...options.dialect && { among: [options.dialect] },
  });
  const code = await printReport(
    checkServer({
      address,
      timeout,
      ...serverDialect,
      signal,
      ...only && { only },
    }),
    {
      ...options,
      file,
      all: allChecks.length,
      target: formatAddress(address),
      dialect: serverDialect.dialect.name,
      version: serverDialect.version,
      nameWidth: Math.max(...chosen.map(({ name }) => name.length)),
      colour: Deno.stdout.isTerminal() && !Deno.noColor,
      print: (text) => console.log(text),
      stopped: () =>
        signal.aborted
          ? `Interrupted: there are ${chosen.length} checks in all.`
          : undefined,
    },
  );
  return interruption.exitCode ?? code;
}

if (import.meta.main) {
  const help = Deno.args.includes("--client") ? CLIENT_HELP : HELP;
  await runProgram(withHelp(help, main));
}
