/** The conformance kit and a relay, one of them under wine. */

import { Program, taskArguments } from "../harness/program.ts";
import { temporaryFolder, testRelay } from "../harness/resources.ts";
import { type Result, succeed } from "./step.ts";
import { windowsPath, type Wine } from "./wine.ts";

/** Checks a relay under wine from here. */
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
  const result = { summary: lastLine(await succeed(kit)) };
  await wine.endPrograms();
  return result;
}

/** Checks a relay here with the kit under wine. */
export async function checkNativeRelay(wine: Wine): Promise<Result> {
  await using relay = await testRelay();
  const { hostname, port } = relay.address;
  const kit = wine.deno("task", "conformance", `${hostname}:${port}`);
  return { summary: lastLine(await succeed(kit)) };
}

/** The kit's count. */
function lastLine(report: string): string {
  return report.trimEnd().split("\n").at(-1) ?? "";
}
