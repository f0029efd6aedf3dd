/** Checks clients in this process, and tells what came of it. */

import type { Outcome } from "../../../kit/conformance/report/outcome.ts";
import { checkClient } from "../../../kit/conformance/client/check_client.ts";
import type { StartClient } from "../../../kit/conformance/client/driven_client.ts";
import { choose, stepsOf } from "../../../kit/conformance/client/script.ts";

/** What to check a client by. */
export interface Checked {
  /** Whether some answers are to be bad. */
  readonly badly?: boolean;
  /** Which checks; all where it is missing. */
  readonly only?: readonly string[];
  /** Milliseconds that a step gets. */
  readonly timeout?: number;
}

/** Milliseconds that a step of a client gets on a busy machine. */
const TIMEOUT = 5000;

/** Listens where a client is to connect. */
export function listener(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

/** Checks the client that a command of the shell, or a function, starts. */
export async function checkDriven(
  drive: string | StartClient,
  { badly = false, only, timeout = TIMEOUT }: Checked = {},
): Promise<Outcome[]> {
  const script = choose(stepsOf(badly), only);
  return await Array.fromAsync(
    checkClient({ listener: listener(), script, drive, timeout }),
  );
}

/** The names of the checks that ended in some way. */
export function namesWith(
  outcomes: readonly Outcome[],
  verdict: Outcome["verdict"],
): string[] {
  return outcomes.filter((outcome) => outcome.verdict === verdict)
    .map(({ name }) => name);
}

/** A command of the shell that runs `deno` with these arguments. */
export function shellCommand(args: readonly string[]): string {
  return [Deno.execPath(), ...args]
    .map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(" ");
}
