/** Runs the client's command lines in this process. */

import { runClient } from "../../client/ui/cli/run_client.ts";

/** Runs the client in this process, without signals and environment. @param input standard input */
export async function runHere(
  input: string,
  args: readonly string[],
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
    stdin: new Blob([input]).stream(),
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    dir: ".",
    env: () => undefined,
    onSignal: () => () => {},
    isHangupIgnored: () => Promise.resolve(false),
    exit: () => {},
    revoke: () => {},
  });
  return { code, ...printed };
}
