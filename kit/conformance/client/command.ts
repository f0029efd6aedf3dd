/**
 * `deno task conformance --client`.
 *
 * @module
 */

import { formatAddress } from "../../../shared/folder/info_files.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { Interruption } from "../interruption.ts";
import { levelOf } from "../report/outcome.ts";
import { giveUp } from "../permissions.ts";
import { printReport } from "../report/print_report.ts";
import { ReportFile } from "../report/report_file.ts";
import { checkClient } from "./check_client.ts";
import { type ClientOptions, readClientOptions } from "./options.ts";
import { checksOf, choose, type Script, stepsOf, stepText } from "./script.ts";

/** Prints the report. */
const print = (text: string) => console.log(text);
/** Prints to the user beside the report. */
const say = (text: string) => console.error(text);

/**
 * Checks a client as the command line says.
 *
 * @returns the exit code: the number of MUSTs that failed
 * @throws {UsageError} if the command line is invalid
 */
export async function conformClient(args: readonly string[]): Promise<number> {
  const options = await readClientOptions(args);
  const script = choose(stepsOf(options.badly), options.only);
  if (options.list) {
    print(scriptText(script, options.badly));
    return 0;
  }
  return await play(options, script);
}

async function play(options: ClientOptions, script: Script): Promise<number> {
  const { drive, timeout, html } = options;
  await using file = html === undefined
    ? undefined
    : await ReportFile.create(html);
  // Without a driven client only the file to send is written, and the page.
  if (drive === undefined) await giveUp("run");
  if (drive === undefined && html === undefined) await giveUp("read");
  const listener = listen(options.address);
  const where = formatAddress(listener.addr);
  const interruption = new Interruption();
  const { signal } = interruption;
  say(`listening on ${where}`);
  const outcomes = checkClient(
    drive === undefined
      ? { listener, script, signal, say, input: Deno.stdin.readable }
      : { listener, script, signal, drive, timeout },
  );
  const code = await printReport(outcomes, {
    form: options.form,
    file,
    all: checksOf(stepsOf(true)).length,
    target: drive ?? `the client at ${where}`,
    nameWidth: Math.max(...[...script.chosen].map((name) => name.length)),
    colour: Deno.stdout.isTerminal() && !Deno.noColor,
    verbose: options.verbose,
    brief: options.brief,
    print,
    stopped: () =>
      signal.aborted ? "Interrupted: what comes later is unknown." : undefined,
  });
  return interruption.exitCode ?? code;
}

function listen(address: { hostname: string; port: number }): Deno.TcpListener {
  try {
    return Deno.listen(address);
  } catch (cause) {
    throw new Error(
      `Can't listen on ${formatAddress(address)}: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/** Formats the script: the steps, and the checks of each. */
function scriptText({ steps, chosen }: Script, badly: boolean): string {
  const texts = steps.map((step, index) => {
    const names = step.checks.filter(({ name }) => chosen.has(name))
      .map((check) =>
        `       ${check.name}  ${check.clause} ${levelOf(check)}`
      );
    return [stepText(step, index + 1, steps.length, "FILE"), ...names]
      .join("\n");
  });
  const shown = new Set(
    stepsOf(badly).flatMap(({ checks }) => checks.map(({ name }) => name)),
  );
  const always = checksOf(stepsOf(badly)).filter(({ name }) =>
    chosen.has(name) && !shown.has(name)
  ).map((check) => `  ${check.name}  ${check.clause} ${levelOf(check)}`);
  return [...texts, "\nIn every step, and at the end:", ...always].join("\n");
}
