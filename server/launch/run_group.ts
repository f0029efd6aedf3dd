import { formatAddress } from "../../shared/folder/info_files.ts";
import {
  inputEnds,
  isHangupIgnored,
  onStopSignal,
  replaceSignal,
} from "../../shared/cli/stopping.ts";
import type { ServerOptions } from "../options.ts";
import { openPidFile } from "./pid_file.ts";
import { RelayGroup } from "./relay_group.ts";
import { RelayLog } from "../telemetry/log.ts";

/**
 * Runs the relays of a command line, each in its own process. Forwards signals,
 * and replaces the relays on {@linkcode replaceSignal}.
 *
 * @param command the runtime's arguments to start a relay with `args`
 * @returns the exit code
 */
export async function runGroup(
  { workers, telemetry, pidFile, stopWithInput }: ServerOptions,
  args: readonly string[],
  command: (args: readonly string[]) => Promise<readonly string[]>,
  log: RelayLog = new RelayLog(telemetry),
): Promise<number> {
  const { metrics } = telemetry;
  using file = pidFile === undefined ? undefined : openPidFile(pidFile);
  // This process writes no other file.
  if (file === undefined) await Deno.permissions.revoke({ name: "write" });
  const passedOn = withoutPidFile(args);
  const relays = new RelayGroup({
    // Each relay has its own port for metrics, counted from the first.
    args: (index) =>
      metrics === undefined || metrics.port === 0 ? passedOn : [
        ...passedOn,
        "--metrics",
        formatAddress({ ...metrics, port: metrics.port + index }),
      ],
    command,
    serves: () => {
      file?.write();
      if (replaceSignal === undefined) return;
      log.info(`${replaceSignal} replaces the relay`, { pid: Deno.pid });
    },
    say: (level, text) => log[level](text),
  });
  onStopSignal(() => relays.stop(), !await isHangupIgnored());
  if (replaceSignal !== undefined) {
    Deno.addSignalListener(replaceSignal, () => relays.replace());
  }
  if (stopWithInput) inputEnds().then(() => relays.stop());
  try {
    return await relays.run(workers);
  } finally {
    await log.flush();
  }
}

/** Removes `--pid-file`: the file has the id of this process. */
function withoutPidFile(args: readonly string[]): string[] {
  const flag = "--pid-file";
  return args.filter((arg, i) =>
    arg !== flag && !arg.startsWith(`${flag}=`) && args[i - 1] !== flag
  );
}
