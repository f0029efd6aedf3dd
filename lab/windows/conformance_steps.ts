/** The conformance kit and a relay, one of them under Wine. */

import { Program, taskArguments } from "../harness/program.ts";
import { temporaryFolder, testRelay } from "../harness/resources.ts";
import type { Result } from "./step.ts";
import { windowsPath, type Wine } from "./wine.ts";

/** Checks a relay under Wine from here. */
export async function checkRelay(wine: Wine): Promise<Result> {
  await using folder = await temporaryFolder();
  await using relay = wine.deno(
    ...["task", "server", "--host", "127.0.0.1", "--port", "0"],
    ...["--dir", windowsPath(folder.path), "--registrations-per-minute", "0"],
  );
  const { hostname, port } = await relay.address();
  const kit = Program.deno([
    ...taskArguments("conformance"),
    `${hostname}:${port}`,
  ]);
  const result = { summary: lastLine(await kit.succeed()) };
  // Killing `deno task` would leave the relay, which holds the output open.
  await wine.endPrograms();
  return result;
}

/** Checks a relay here with the kit under Wine. */
export async function checkNativeRelay(wine: Wine): Promise<Result> {
  await using relay = await testRelay();
  const { hostname, port } = relay.address;
  const kit = wine.deno("task", "conformance", `${hostname}:${port}`);
  return { summary: lastLine(await kit.succeed()) };
}

/** The kit's count. */
function lastLine(report: string): string {
  return report.trimEnd().split("\n").at(-1) ?? "";
}
