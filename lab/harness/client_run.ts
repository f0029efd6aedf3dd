/** Runs the client's command lines in this process. */

import { runClient } from "../../client/ui/cli/run_client.ts";
import type { Io } from "../../client/ui/cli/verb/output.ts";
import { thisPlatform } from "../../shared/platform/platform.ts";

/**
 * Runs the client in this process, without signals and environment.
 *
 * @param input standard input
 * @param own replaces parts of the environment
 */
export async function runHere(
  input: string | ReadableStream<Uint8Array<ArrayBuffer>>,
  args: readonly string[],
  own: Partial<Io> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => {
    const decoder = new TextDecoder();
    const writeSync = (bytes: Uint8Array) => {
      printed[name] += decoder.decode(bytes, { stream: true });
    };
    return {
      isTerminal: () => false,
      writeSync,
      write: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)),
    };
  };
  const code = await runClient(args, {
    platform: thisPlatform,
    stdin: typeof input === "string" ? new Blob([input]).stream() : input,
    keyboard: undefined,
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    dir: ".",
    env: () => undefined,
    onSignal: () => () => {},
    isHangupIgnored: () => Promise.resolve(false),
    exit: () => {},
    revoke: () => {},
    ...own,
  });
  return { code, ...printed };
}
